using System.Globalization;

namespace Skerry.Domain.Volumes;

/// <summary>How full a backend is: a word that people and programs act on before writes fail. Higher is fuller.</summary>
/// <param name="Level">0 ample, 1 to 3 for 80, 90 and 95 % in use, 4 full.</param>
/// <param name="Word">What the API says.</param>
public readonly record struct BackendFullness(int Level, string Word)
{
    private static readonly (double Free, BackendFullness Fullness)[] Levels =
    [
        (0.05, new BackendFullness(3, "above_95_percent")),
        (0.10, new BackendFullness(2, "above_90_percent")),
        (0.20, new BackendFullness(1, "above_80_percent")),
    ];

    public static BackendFullness Ample { get; } = new(0, "ample");

    /// <summary>Writes of new data fail; deletes, snapshots and trims still work.</summary>
    public static BackendFullness Full { get; } = new(4, "full");

    /// <summary>Of a backend that cannot be used, or says nothing of its space, nothing is known: that is no fullness.</summary>
    public static BackendFullness Of(BackendReport backend)
    {
        if (backend.Error is not null || backend.TotalBytes <= 0)
        {
            return Ample;
        }

        var free = backend.FreeBytes / (double)backend.TotalBytes;
        return backend.FreeBytes <= 0 ? Full : Levels.FirstOrDefault(level => free < level.Free, (1, Ample)).Fullness;
    }

    /// <summary>
    /// What an operator reads when a backend gets fuller, or has room again; null when there is nothing to say. One that stays about as
    /// full as a level says is told of once.
    /// </summary>
    /// <param name="before">As it was last told; <see cref="Ample"/> at first.</param>
    /// <param name="now">As it is.</param>
    public static StepReport? Told(BackendFullness before, BackendReport now)
    {
        var (fullness, free, total) = (now.Fullness, Gib(now.FreeBytes), Gib(now.TotalBytes));
        const string act = "Delete volumes or snapshots that nobody needs (skerry volume usage VOLUME says what that gives back), or give it more room";
        return fullness.Level == before.Level || (fullness.Level < before.Level && IsAbout(before, now)) ? null
            : fullness == Full ? new StepReport(
                $"Backend {now.Name} is full: writes of new data to its volumes fail with 'no space left' until there is room. Deletes, snapshots and trims still work. {act}.",
                IsProblem: true)
            : fullness.Level > before.Level ? new StepReport(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Backend {now.Name} is {(1 - (now.FreeBytes / (double)now.TotalBytes)) * 100:0} % full: {free} of {total} GiB are free{(fullness.Level == 3 ? ", and writes are about to fail" : "")}. {act}."),
                IsProblem: true)
            : new StepReport($"Backend {now.Name} has more room again: {free} of {total} GiB are free.");
    }

    private static bool IsAbout(BackendFullness before, BackendReport now) =>
        Of(now with { FreeBytes = now.FreeBytes - (now.TotalBytes / 50) }).Level >= before.Level;

    private static string Gib(long bytes) => (bytes / (double)Volume.BytesPerGib).ToString("0.0", CultureInfo.InvariantCulture);
}
