using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictResolveCommand : SkerryCommand
{
    private readonly Argument<string> _conflict = new("CONFLICT") { Description = "Id of the conflict, from `skerry conflict list`." };

    private readonly Option<string> _pick = new("--pick")
    {
        Description = "Keep this one of the values: winner, or the number of a loser, beginning with 1.",
        HelpName = "winner|N",
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
            "skerry conflict resolve CONFLICT --pick 1",
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

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var id = invocation.Get(_conflict);
        var request = invocation.Get(_value) is { } text
            ? new ConflictResolveRequest(null, Json(text))
            : new ConflictResolveRequest(Choice(invocation.Get(_pick)!), null);
        await invocation.Client.Conflicts.ResolveAsync(id, request, cancellationToken);
        invocation.Talk.Say($"Conflict {id} is settled.");
        return ExitCodes.Done;
    }

    private static int Choice(string pick) =>
        pick == "winner" ? 0
        : int.TryParse(pick, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new UsageException($"--pick {pick} is neither winner nor a number.");

    /// <summary>Text that is not JSON stands for itself.</summary>
    private static JsonElement Json(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
