namespace Skerry.Demo;

/// <summary>One step of the main job: what it shows, and how.</summary>
/// <param name="Title">A sentence for the reader.</param>
/// <param name="RunAsync">Carries it out; what it proves goes into the story's proofs.</param>
public sealed record DemoStep(string Title, Func<Story, CancellationToken, Task> RunAsync);

/// <summary>What steps hand on to later ones, and what they have proved so far.</summary>
public sealed class Story(Stage stage, Action<string> say) : IAsyncDisposable
{
    private readonly List<(string Claim, string Evidence)> _proofs = [];

    /// <summary>The steps in order; each builds on those before it.</summary>
    public static IReadOnlyList<DemoStep> Steps { get; } =
    [
        new("Three sites join by invitation", Demo.Steps.JoinStep.RunAsync),
        new("A 2 GiB volume at north takes a real file system", Demo.Steps.VolumeStep.RunAsync),
        new("The volume is replicated to south, instantly", Demo.Steps.ReplicateStep.RunAsync),
        new("Files change, and the replica follows", Demo.Steps.ChangeStep.RunAsync),
        new("North is cut off; all go on; the links heal", Demo.Steps.CutStep.RunAsync),
        new("North dies in the middle of writes; south takes over", Demo.Steps.DisasterStep.RunAsync),
        new("North returns, keeps what diverged, and follows", Demo.Steps.ReturnStep.RunAsync),
        new("The volume comes home", Demo.Steps.FailbackStep.RunAsync),
    ];

    public Stage Stage { get; } = stage;

    public IReadOnlyList<(string Claim, string Evidence)> Proofs => _proofs;

    /// <summary>Id of the volume that the story is about; its name is in dispute later.</summary>
    public string VolumeId { get; set; } = "";

    public string ReplicationId { get; set; } = "";

    /// <summary>The volume that takes stamped blocks where nothing can be mounted; null while there is none.</summary>
    public string? StampVolumeId { get; set; }

    /// <summary>Every file that the volume must hold.</summary>
    public FileTree Files { get; set; } = new();

    /// <summary>The file system while a step leaves it mounted for the next.</summary>
    public MountedVolume? Mounted { get; set; }

    /// <summary>False where this machine lets nobody mount: then debugfs edits the file system between the steps.</summary>
    public bool CanMount { get; } = MountedVolume.IsPossible && Environment.GetEnvironmentVariable("SKERRY_DEMO_MOUNT") != "0";

    public void Say(string line) => say(line);

    /// <summary>Notes what was shown to hold, for the table at the end.</summary>
    public void Prove(string claim, string evidence)
    {
        _proofs.Add((claim, evidence));
        say($"proved: {claim}: {evidence}");
    }

    /// <summary>Fails the step when the condition does not hold.</summary>
    public static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    public ValueTask DisposeAsync() => Stage.DisposeAsync();
}
