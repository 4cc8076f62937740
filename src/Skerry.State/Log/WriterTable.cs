using Skerry.State.Clocks;

namespace Skerry.State.Log;

/// <summary>The writers that a record mentions, so that each of its dots is an index and a sequence number.</summary>
internal sealed class WriterTable
{
    private const int WriterBytes = 16;

    private readonly List<Writer> _writers;

    /// <summary>Made when there is more than one writer, which is seldom.</summary>
    private Dictionary<Writer, int>? _indexes;

    /// <param name="known">Writers that the record names anyway, in an order that the reader knows.</param>
    public WriterTable(IEnumerable<Writer> known) => _writers = [.. known];

    private WriterTable(Writer self) => _writers = [self];

    /// <summary>For a mutation, whose own writer comes first.</summary>
    public static WriterTable Of(Writer self) => new(self);

    /// <summary>The mutation's own.</summary>
    public Writer Self => _writers[0];

    public void AddAll(Change change)
    {
        foreach (var dot in change.Replaces) Add(dot.Writer);
        foreach (var dot in change.Outranks) Add(dot.Writer);
        foreach (var dot in change.Seen) Add(dot.Writer);
        foreach (var settled in change.Settles) Add(settled.Dot.Writer);
    }

    /// <summary>Writes all but the mutation's own writer, which comes first and is known.</summary>
    public void WriteOthersTo(ByteWriter writer)
    {
        writer.WriteVarint((ulong)_writers.Count - 1);
        for (var i = 1; i < _writers.Count; i++)
        {
            writer.WriteUInt64(_writers[i].Site.Value);
            writer.WriteUInt64(_writers[i].Incarnation);
        }
    }

    public static WriterTable ReadFrom(ref ByteReader reader, Writer self)
    {
        var table = Of(self);
        var count = reader.ReadCount(WriterBytes);
        for (var i = 0; i < count; i++)
        {
            if (!table.Add(new Writer(new SiteId(reader.ReadUInt64()), reader.ReadUInt64()))) throw reader.Fault("a writer listed twice");
        }

        return table;
    }

    public void WriteDot(ByteWriter writer, Dot dot)
    {
        writer.WriteVarint((ulong)IndexOf(dot.Writer));
        writer.WriteVarint((ulong)dot.Sequence);
    }

    public Dot ReadDot(ref ByteReader reader)
    {
        var writer = _writers[reader.ReadInt(_writers.Count - 1)];
        return new Dot(writer.Site, writer.Incarnation, reader.ReadPositive());
    }

    public void WriteDots(ByteWriter writer, IReadOnlyList<Dot> dots)
    {
        writer.WriteVarint((ulong)dots.Count);
        foreach (var dot in dots) WriteDot(writer, dot);
    }

    public Dot[] ReadDots(ref ByteReader reader)
    {
        var count = reader.ReadCount(minimumBytesEach: 2);
        if (count == 0) return [];
        var dots = new Dot[count];
        for (var i = 0; i < count; i++) dots[i] = ReadDot(ref reader);
        return dots;
    }

    private bool Add(Writer writer)
    {
        if (writer == _writers[0] || !Indexes().TryAdd(writer, _writers.Count)) return false;
        _writers.Add(writer);
        return true;
    }

    private int IndexOf(Writer writer) => writer == _writers[0] ? 0 : Indexes()[writer];

    private Dictionary<Writer, int> Indexes()
    {
        if (_indexes is not null) return _indexes;
        _indexes = [];
        for (var i = 0; i < _writers.Count; i++) _indexes.Add(_writers[i], i);
        return _indexes;
    }
}
