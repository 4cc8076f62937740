namespace Skerry.State.Merging;

/// <summary>A field with its standing values in <see cref="StandingValue.Compare"/>'s order; never empty. Immutable.</summary>
internal readonly struct Register
{
    /// <summary>One value, which is the rule, costs no array.</summary>
    private readonly object _standing;

    public Register(string field, StandingValue single)
    {
        Field = field;
        _standing = single;
    }

    public Register(string field, StandingValue[] inOrder)
    {
        Field = field;
        _standing = inOrder.Length == 1 ? inOrder[0] : inOrder;
    }

    public string Field { get; }

    public StandingValue Winner => this[0];

    public int Count => _standing is StandingValue[] several ? several.Length : 1;

    public StandingValue this[int index] => _standing is StandingValue[] several ? several[index] : (StandingValue)_standing;

    public IReadOnlyList<StandingValue> Standing => _standing as StandingValue[] ?? [(StandingValue)_standing];

    /// <summary>Values that are the same, written apart, are no conflict: nothing would be lost.</summary>
    public bool IsContested
    {
        get
        {
            if (_standing is not StandingValue[] several) return false;
            foreach (var value in several)
            {
                if (value.Value != several[0].Value) return true;
            }

            return false;
        }
    }
}
