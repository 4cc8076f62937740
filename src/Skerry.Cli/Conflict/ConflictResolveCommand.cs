using System.CommandLine;
using System.Text.Json;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictResolveCommand : DataCommand
{
    private readonly Argument<string> _conflict = new("CONFLICT") { Description = "Id of the conflict, from `skerry conflict list`." };

    private readonly Option<string> _pick = new("--pick")
    {
        Description = "Keep this one of the values: winner, or a name from the columns winner_pick and loser_picks.",
        HelpName = "PICK",
    };

    private readonly Option<string> _value = new("--value")
    {
        Description = "A new value instead: JSON, or plain text.",
        HelpName = "VALUE",
    };

    public ConflictResolveCommand()
        : base(
            "resolve",
            "Settle a conflict by keeping one of its values, or by a new one.",
            "skerry conflict resolve CONFLICT --pick winner",
            "skerry conflict resolve CONFLICT --value database-1")
    {
        Arguments.Add(_conflict);
        Options.Add(_pick);
        Options.Add(_value);
        Validators.Add(result =>
        {
            if (result.GetResult(_pick) is null == result.GetResult(_value) is null)
            {
                result.AddError("Give either --pick or --value.");
            }
        });
    }

    public override IView View => ConflictView.Conflict;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var id = invocation.Get(_conflict);
        var pick = invocation.Get(_pick);
        if (pick == "winner")
        {
            var conflict = await invocation.Client.Conflicts.ShowAsync(id, cancellationToken);
            pick = conflict.Winner?.Pick ?? throw new UsageException($"Conflict {id} has no winner to keep.", "Give a value with --value.");
        }

        var settled = await invocation.Client.Conflicts.ResolveAsync(
            id, new ConflictResolveRequest(pick, invocation.Get(_value) is { } text ? Json(text) : null), cancellationToken);
        invocation.Talk.Say($"Conflict {id} is settled.");
        invocation.Print(ConflictView.Conflict, settled);
        return ExitCodes.Done;
    }

    /// <summary>Text that is not JSON stands for itself.</summary>
    private static JsonElement Json(string text)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
