using System.CommandLine;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Skerry.Cli.Tests.Reference;

/// <summary>Writes the pages of docs/reference from the command tree.</summary>
internal static class CommandPages
{
    public static IEnumerable<SkerryCommand> Verbs() => Verbs(CommandTree.Build());

    public static string Commands()
    {
        var page = new StringBuilder("""
            # The command line

            `skerry NOUN VERB`. This page is written from the commands themselves; `skerry NOUN VERB --help` shows the same.

            Data goes to standard output and everything else to standard error. Names and ids are both taken; a name that several
            things have is an error that lists their ids. [json-output.md](json-output.md) has the columns and fields.

            | exit code | means |
            | --- | --- |
            | 0 | done |
            | 1 | failed |
            | 2 | wrong usage, settings or request |
            | 3 | not found |
            | 4 | refused by state, conflict or quota |
            | 5 | unreachable, or not in time |
            | 6 | not allowed |

            ## Settings

            As the OpenStack client has them: options, then the cloud that `--os-cloud` or `OS_CLOUD` names in `clouds.yaml` (with
            `secure.yaml` beside it), then `OS_*`. `clouds.yaml` is looked for where `OS_CLIENT_CONFIG_FILE` says, else in the working
            directory, `~/.config/openstack` and `/etc/openstack`. Every site serves the whole cloud: requests go to the site of the
            auth URL, or to that of `--os-region-name`.


            """);
        Table(page, CommandTree.Build().Options.Where(o => SharedOptions.Global.Contains(o)));
        foreach (var noun in CommandTree.Build().Subcommands)
        {
            page.Append($"\n## skerry {noun.Name}\n\n{noun.Description}\n");
            foreach (var verb in Verbs(noun))
            {
                Verb(page, verb);
            }
        }

        return page.ToString();
    }

    public static string Output()
    {
        var page = new StringBuilder("""
            # Columns and fields

            The names on this page are a contract: they stay, and new ones may be added, so a script should pass over what it does not
            know. This page is written from the records themselves.

            * `-f table` (the default) shows columns, rounded for people. A list shows those marked *brief* unless `-c` chooses.
            * `-f value` shows the same columns with raw values, a line per record of a list and a line per column of one record.
            * `-f json` and `-f yaml` print whole records with the fields below, as `/skerry/v1` answers them; with `-c`, flat objects
              with the chosen columns.

            Raw numbers have their unit in their name. Times are RFC 3339 in UTC. What is not known is null, never zero.

            """);
        foreach (var view in Verbs().OfType<DataCommand>().Select(c => c.View).DistinctBy(v => v.Noun))
        {
            page.Append($"\n## {view.Noun}\n\n");
            var users = Verbs().OfType<DataCommand>().Where(c => c.View.Noun == view.Noun).Select(c => $"`{CommandTree.PathOf(c)}`");
            page.Append($"Printed by {string.Join(", ", users)}.\n\n");
            page.Append("| column | brief | means |\n| --- | --- | --- |\n");
            foreach (var (name, meaning, isBrief) in view.Columns)
            {
                page.Append($"| `{name}` | {(isBrief ? "yes" : "")} | {Cell(meaning)} |\n");
            }

            page.Append("\nFields: ");
            page.AppendJoin(", ", Fields(view.Record, "").Select(field => $"`{field}`")).Append(".\n");
        }

        return page.ToString();
    }

    private static IEnumerable<SkerryCommand> Verbs(Command command) =>
        command.Subcommands.SelectMany(sub => sub is SkerryCommand verb ? [verb] : Verbs(sub));

    private static void Verb(StringBuilder page, SkerryCommand verb)
    {
        var arguments = string.Concat(verb.Arguments.Select(a =>
            a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}]" : a.Arity.MaximumNumberOfValues > 1 ? $" {a.Name}…" : $" {a.Name}"));
        page.Append($"\n### {CommandTree.PathOf(verb)}{arguments}\n\n{verb.Description}\n\n");
        if (verb.Arguments.Count > 0)
        {
            page.Append("| argument | means |\n| --- | --- |\n");
            foreach (var argument in verb.Arguments)
            {
                page.Append($"| `{argument.Name}` | {Cell(argument.Description)} |\n");
            }

            page.Append('\n');
        }

        Table(page, verb.Options);
        if (verb.Options.Any(o => !o.Hidden))
        {
            page.Append('\n');
        }

        page.Append("```console\n");
        foreach (var example in verb.Examples)
        {
            page.Append($"$ {example}\n");
        }

        page.Append("```\n");
    }

    private static void Table(StringBuilder page, IEnumerable<Option> options)
    {
        var shown = options.Where(o => !o.Hidden).ToList();
        if (shown.Count == 0)
        {
            return;
        }

        page.Append("| option | means |\n| --- | --- |\n");
        foreach (var option in shown)
        {
            var names = string.Join(", ", option.Aliases.Append(option.Name).Order(StringComparer.Ordinal).Select(n => n));
            var value = option.HelpName is null ? "" : $" {option.HelpName}";
            page.Append($"| `{Cell(names + value)}` | {Cell(option.Description)}{(option.Required ? " Required." : "")} |\n");
        }
    }

    /// <summary>Dotted paths; <c>[]</c> stands for each entry of a list.</summary>
    private static IEnumerable<string> Fields(JsonTypeInfo type, string prefix)
    {
        foreach (var property in type.Properties)
        {
            var name = prefix + property.Name;
            var inner = type.Options.GetTypeInfo(property.PropertyType);
            if (inner.Kind == JsonTypeInfoKind.Enumerable && type.Options.GetTypeInfo(inner.ElementType!) is { Kind: JsonTypeInfoKind.Object } element)
            {
                foreach (var field in Fields(element, name + "[]."))
                {
                    yield return field;
                }
            }
            else if (inner.Kind == JsonTypeInfoKind.Object)
            {
                foreach (var field in Fields(inner, name + "."))
                {
                    yield return field;
                }
            }
            else
            {
                yield return name;
            }
        }
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
