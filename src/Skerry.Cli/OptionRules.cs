using System.CommandLine;

namespace Skerry.Cli;

/// <summary>Rules that options share; a message names the option at fault and what it takes.</summary>
internal static class OptionRules
{
    /// <summary>Takes one of these words only. The library's own rule does not say which option it speaks of.</summary>
    public static void OneOf(this Option<string> option, params string[] values)
    {
        option.CompletionSources.Add(values);
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => !values.Contains(t.Value)))
            {
                result.AddError($"{option.Name} cannot be '{token.Value}'; use one of {string.Join(", ", values)}.");
            }
        });
    }
}
