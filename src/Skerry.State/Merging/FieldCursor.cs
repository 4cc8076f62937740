using System.Text;

namespace Skerry.State.Merging;

/// <summary>
/// Walks the fields of a body that is known to be whole, and makes no objects. <see cref="EntityBody.Check"/> is for bytes from elsewhere.
/// </summary>
internal struct FieldCursor
{
    private readonly byte[] _body;
    private int _at;
    private int _fieldsLeft;
    private int _valuesLeft;
    private int _nameAt;
    private int _nameLength;
    private int _valueAt;
    private int _valueLength;

    /// <param name="body">The bytes of the entity.</param>
    /// <param name="fieldsAt">Where its fields begin, see <see cref="SkipOrigins"/>.</param>
    public FieldCursor(byte[] body, int fieldsAt)
    {
        _body = body;
        _at = fieldsAt;
        _fieldsLeft = ReadNumber(body, ref _at);
    }

    public readonly ReadOnlySpan<byte> Name => _body.AsSpan(_nameAt, _nameLength);

    /// <summary>How many values the field has; to be asked for before the first of them is walked to.</summary>
    public readonly int Count => _valuesLeft;

    /// <summary>Index of the value's origin.</summary>
    public int Origin { get; private set; }

    public Marks Marks { get; private set; }

    public int Rank { get; private set; }

    public readonly FieldValue Value => new(_body.AsMemory(_valueAt, _valueLength));

    public readonly ReadOnlySpan<byte> ValueBytes => _body.AsSpan(_valueAt, _valueLength);

    /// <summary>Where the fields of a body begin.</summary>
    public static int SkipOrigins(byte[] body)
    {
        var at = 0;
        for (var left = ReadNumber(body, ref at); left > 0; left--)
        {
            at += 16;
            SkipNumber(body, ref at);
            at += 8;
            SkipNumber(body, ref at);
            var authorLength = ReadNumber(body, ref at);
            at += authorLength;
        }

        return at;
    }

    public bool NextField()
    {
        while (_valuesLeft > 0) NextValue();
        if (_fieldsLeft == 0) return false;
        _fieldsLeft--;
        _nameLength = ReadNumber(_body, ref _at);
        _nameAt = _at;
        _at += _nameLength;
        _valuesLeft = ReadNumber(_body, ref _at);
        return true;
    }

    /// <summary>The winner first.</summary>
    public bool NextValue()
    {
        if (_valuesLeft == 0) return false;
        _valuesLeft--;
        Origin = ReadNumber(_body, ref _at);
        Marks = (Marks)_body[_at++];
        Rank = ReadNumber(_body, ref _at);
        _valueLength = ReadNumber(_body, ref _at);
        _valueAt = _at;
        _at += _valueLength;
        return true;
    }

    /// <summary>Walks to the field of that name; no further when there is none.</summary>
    public bool Find(string field)
    {
        Span<byte> name = stackalloc byte[256];
        if (!Encoding.UTF8.TryGetBytes(field, name, out var length)) return Find(Encoding.UTF8.GetBytes(field));
        return Find(name[..length]);
    }

    private bool Find(ReadOnlySpan<byte> name)
    {
        while (NextField())
        {
            if (Name.SequenceEqual(name)) return true;
        }

        return false;
    }

    private static int ReadNumber(byte[] body, ref int at)
    {
        int part = body[at++];
        if (part < 0x80) return part;
        var value = part & 0x7F;
        for (var shift = 7; ; shift += 7)
        {
            part = body[at++];
            value |= (part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
    }

    private static void SkipNumber(byte[] body, ref int at)
    {
        while (body[at++] >= 0x80)
        {
        }
    }
}
