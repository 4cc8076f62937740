namespace Skerry.Cli.Output;

/// <summary>Words for people, on standard error, so that standard output holds data alone.</summary>
internal sealed class Talk(Surroundings surroundings)
{
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(5);

    private string? _phase;
    private string? _last;
    private int _width;
    private long _lastLine;

    public void Say(string line)
    {
        EndProgress();
        surroundings.Error.WriteLine(line);
    }

    /// <summary>
    /// How it stands. On a terminal the line overwrites the last one; else a line is written when the phase changes, and at most
    /// every five seconds within one if it says something new, so that a log stays short.
    /// </summary>
    /// <param name="phase">Stays the same while only numbers change.</param>
    public void Progress(string phase, string line)
    {
        if (surroundings.IsErrorTerminal)
        {
            surroundings.Error.Write("\r" + line.PadRight(_width));
            _width = line.Length;
        }
        else if (phase != _phase || (line != _last && surroundings.Time.GetElapsedTime(_lastLine) >= QuietTime))
        {
            surroundings.Error.WriteLine(line);
            _last = line;
            _lastLine = surroundings.Time.GetTimestamp();
        }

        _phase = phase;
    }

    public void EndProgress()
    {
        if (surroundings.IsErrorTerminal && _width > 0)
        {
            surroundings.Error.WriteLine();
        }

        _width = 0;
        _phase = null;
    }

    /// <summary>Asks when a person is there and did not say <c>--yes</c>; anything but yes stops the command.</summary>
    public void Confirm(string question, bool isAnswered)
    {
        if (isAnswered || !surroundings.CanAsk)
        {
            return;
        }

        EndProgress();
        surroundings.Error.Write(question + " [y/N] ");
        surroundings.Error.Flush();
        if (surroundings.In.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
        {
            throw new DidNotSucceedException("Nothing was done.");
        }
    }
}
