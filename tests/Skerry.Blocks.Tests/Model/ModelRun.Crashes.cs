using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Model;

/// <content>Power cuts, kills, restarts, and what each may leave.</content>
internal sealed partial class ModelRun
{
    private static readonly Unsynced[] Outcomes = [Unsynced.Lost, Unsynced.Kept, Unsynced.Any];
    private readonly List<(FaultyStorage Image, int Durable, Unsynced Unsynced)> _images = [];

    /// <summary>Crashes after which the history went on from what was left.</summary>
    public int Crashes { get; private set; }

    public int Cleanings { get; private set; }

    /// <summary>Crashes that were tried beside the history.</summary>
    public int Images { get; private set; }

    private void ArmCrash()
    {
        _storage.CrashAfter(_chance.Next(1, 120), new Random(_chance.Next()));
        if (options.EveryBoundary)
        {
            _storage.Boundary = TakeImages;
        }
    }

    /// <summary>Reads how much is durable before it takes the image, so that a flush that ends meanwhile is not expected in it.</summary>
    private void TakeImages()
    {
        var durable = _history.Durable;
        lock (_images)
        {
            foreach (var unsynced in Outcomes)
            {
                _images.Add((_storage.Crash(new Random(_seed + Images + _images.Count), unsynced), durable, unsynced));
            }
        }
    }

    private async Task CheckImagesAsync()
    {
        (FaultyStorage Image, int Durable, Unsynced Unsynced)[] images;
        lock (_images)
        {
            images = [.. _images];
            _images.Clear();
        }

        foreach (var (image, durable, unsynced) in images)
        {
            Images++;
            await CheckImageAsync(image, durable, $"a crash with {unsynced}", alsoWhileRecovering: Images % 8 == 0);
        }
    }

    private async Task CheckImageAsync(FaultyStorage image, int durable, string what, bool alsoWhileRecovering)
    {
        var recovering = new List<FaultyStorage>();
        image.FreeBytes = Roomy;
        image.Boundary = alsoWhileRecovering ? () => recovering.Add(image.Crash(new Random(_seed + Images + recovering.Count))) : null;
        await using (var store = Open(image))
        {
            image.Boundary = null;
            await FindAsync(store, durable, what);
        }

        foreach (var again in recovering)
        {
            Images++;
            await CheckImageAsync(again, durable, $"{what}, and one while it was recovered from,", alsoWhileRecovering: false);
        }
    }

    /// <summary>The newest state from the durable one on that is what the store holds.</summary>
    private async Task<ModelStore> FindAsync(BlockStore store, int durable, string what, bool damaged = false)
    {
        var differences = new List<string>();
        foreach (var state in _history.Since(durable))
        {
            if (await StoreComparison.DifferenceAsync(state, store, damaged) is not { } difference)
            {
                return state;
            }

            differences.Add(difference);
        }

        throw new InvalidDataException($"{what} left none of {differences.Count} states; newest first: {string.Join(" | ", differences)}");
    }

    /// <summary>If the power went during the step, goes on from what that left.</summary>
    private async Task AfterPowerCutAsync()
    {
        if (_storage.AfterCrash is { } image)
        {
            Crashes++;
            (_storage.Boundary, _storage.FreeBytes) = (null, Roomy);
            await _store.DisposeAsync();
            await GoOnFromAsync(image, "a power cut");
        }
    }

    private async Task GoOnFromAsync(FaultyStorage image, string what)
    {
        _storage = image;
        _storage.FreeBytes = Roomy;
        _tight = false;
        Reopen(what);
        var found = await FindAsync(_store, _history.Durable, what);
        Note($"went back {_history.Since(_history.Durable).TakeWhile(state => state != found).Count()} of {_history.Count}");
        _history.GoOnFrom(found);
        _past.Clear();
        ArmCrash();
    }

    private void Reopen(string how)
    {
        Note(how);
        _store = Open(_storage);
        _open.Clear();
        _taps.Clear();
    }

    private async Task RestartAsync()
    {
        if (_storage.AfterCrash is not null)
        {
            return;
        }

        _storage.FreeBytes = Roomy;
        _tight = false;
        var kill = _chance.Next(2) == 0;
        var image = kill ? _storage.Kill() : null;
        _storage.Boundary = kill ? null : _storage.Boundary;
        await _store.DisposeAsync();
        if (!kill && _storage.AfterCrash is not null)
        {
            return;
        }

        _storage = image ?? _storage.Kill();
        Reopen(kill ? "kill" : "restart");
        Require(await StoreComparison.DifferenceAsync(_model, _store));
        await CheckImagesAsync();
        _history.GoOnFrom(_model);
        ArmCrash();
    }
}
