namespace Skerry.Movers.Native;

/// <summary>
/// Whether packing is worth the time it takes, found by trying. A transfer goes by stretches, the first ones packed; then one goes as it
/// is, and what moved content quicker goes on, the other being tried again ever more rarely. Whatever holds a transfer up is in that:
/// link, limit, cores or the replica's disk.
/// </summary>
/// <remarks>
/// The bounds: packing goes on unless it takes a tenth longer, since the link's bytes are worth something; and what is tried and found
/// slower is one stretch in seventeen at most.
/// </remarks>
internal sealed class PackingPace(TimeProvider time)
{
    private const long StretchBytes = 32L << 20, LeastStretchBytes = 4L << 20;
    private const int FirstStretches = 2, LeastBetweenTries = 16, MostBetweenTries = 1024;
    private const double WorthIts = 1.1;
    private static readonly TimeSpan LongStretch = TimeSpan.FromSeconds(1);

    private long _began = time.GetTimestamp();
    private long _bytes;
    private int _stretchesLeft = FirstStretches;
    private int _betweenTries = LeastBetweenTries;
    private bool _isTrying;
    private double _secondsForByte;

    /// <summary>What is shipped next is to be packed.</summary>
    public bool Packs { get; private set; } = true;

    /// <summary>So much content was handed to the link, packed or not as <see cref="Packs"/> said.</summary>
    public void Shipped(long contentBytes)
    {
        _bytes += contentBytes;
        var elapsed = time.GetElapsedTime(_began);
        if (_bytes < LeastStretchBytes || (_bytes < StretchBytes && elapsed < LongStretch))
        {
            return;
        }

        EndStretch(elapsed.TotalSeconds / _bytes);
        (_began, _bytes) = (time.GetTimestamp(), 0);
    }

    private void EndStretch(double secondsForByte)
    {
        if (_isTrying)
        {
            _isTrying = false;
            var (packed, plain) = Packs ? (secondsForByte, _secondsForByte) : (_secondsForByte, secondsForByte);
            var packs = packed <= plain * WorthIts;
            _betweenTries = packs == Packs ? LeastBetweenTries : Math.Min(MostBetweenTries, _betweenTries * 4);
            (Packs, _stretchesLeft) = (packs, _betweenTries);
        }
        else if (--_stretchesLeft == 0)
        {
            (_isTrying, Packs) = (true, !Packs);
        }

        _secondsForByte = secondsForByte;
    }
}
