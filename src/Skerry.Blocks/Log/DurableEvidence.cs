namespace Skerry.Blocks.Log;

/// <summary>
/// What the files say of which records were durable. A number alone does not name a record: what a recovery cut may stand in a file
/// beside the record of the same number that replaced it. So evidence counts for a record only if it comes from that record's own opening
/// of the store, or from one whose log leads back to it.
/// </summary>
internal sealed class DurableEvidence(Durable marked)
{
    /// <summary>By opening, the highest that any of its records knew to be durable.</summary>
    private readonly Dictionary<ulong, long> _known = new() { [marked.Opening] = marked.Sequence };

    /// <summary>Which opening each one goes on from, and with which record.</summary>
    private readonly Dictionary<ulong, (ulong Prior, long Sequence)> _takesUp = [];

    /// <summary>Some record of this number was durable.</summary>
    public long Highest { get; private set; } = marked.Sequence;

    public void Add(Durable durable)
    {
        _known[durable.Opening] = Math.Max(_known.GetValueOrDefault(durable.Opening), durable.Sequence);
        Highest = Math.Max(Highest, durable.Sequence);
    }

    public void Add(RecordHeader header)
    {
        Add(new Durable(header.DurableSequence, header.Opening));
        if (header.PriorOpening != 0)
        {
            _takesUp[header.Opening] = (header.PriorOpening, header.Sequence);
        }
    }

    /// <summary>True when this very record is known to have been durable.</summary>
    public bool Covers(RecordHeader header)
    {
        foreach (var (opening, sequence) in _known)
        {
            if (sequence >= header.Sequence && (opening == 0 || LeadsTo(opening, header)))
            {
                return true;
            }
        }

        return false;
    }

    private bool LeadsTo(ulong opening, RecordHeader header)
    {
        // Each step goes to an earlier record, so it ends even where a file lies.
        var before = long.MaxValue;
        while (opening != header.Opening)
        {
            if (!_takesUp.TryGetValue(opening, out var link) || link.Sequence <= header.Sequence || link.Sequence >= before)
            {
                return false;
            }

            (opening, before) = (link.Prior, link.Sequence);
        }

        return true;
    }
}
