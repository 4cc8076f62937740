using System.Text;

namespace Skerry.Domain.Tests.Schema;

/// <summary>docs/reference/merge-rules.md, made from the table that the product runs by.</summary>
internal static class MergeRulesPage
{
    public static string Text()
    {
        var page = new StringBuilder();
        page.Append(
            """
            # Merge rules

            How writes that did not know of each other are settled, for each kind of thing that the cloud keeps. The page is made from the
            table that the daemon runs by (`DomainSchema`). What a conflict is, and what people do with one: concepts/conflicts.md.

            **Rules.**

            | rule | of concurrent writes |
            | --- | --- |
            | `latest` | the one with the highest stamp wins |
            | `hub` | one made at a hub wins over others |
            | `owner` | one made by the owner wins over others |
            | `hold` | the one with the highest stamp is shown, nobody acts on it, and only a person's choice settles it |
            | `strict` | false wins over true |

            **Use.** `desired`: people and policies write it, at any site. `observed`: only the owner writes it, and it never stands in the way
            of a delete. `fixed`: written when the thing is made, and then it stays.

            **Deletes**, beside an update that the delete did not know:

            | on delete | then |
            | --- | --- |
            | `wins` | it is deleted, and the update is kept and shown as a conflict |
            | `waits` | the same; and while its owner knows of such an update, of something made of it, or of somebody who uses it, it destroys nothing, and the conflict says so |
            | `stays` | it is deleted, also when it was made again or restored at the same time |
            | `clears` | it is deleted, and nobody misses the update |

            What a newer version adds is kept and passed on as `latest`, `desired`, `wins`.

            """.ReplaceLineEndings("\n"));
        foreach (var kind in DomainSchema.Kinds.OrderBy(k => k.Kind, StringComparer.Ordinal))
        {
            page.Append($"\n## `{kind.Kind}`\n\n{kind.Meaning} On delete: `{Word(kind.OnDelete)}`.\n\n");
            page.Append("| fields | rule | use | |\n| --- | --- | --- | --- |\n");
            foreach (var row in kind.Fields)
            {
                page.Append($"| {string.Join(", ", row.Names.Select(name => $"`{name}`"))} | `{Word(row.Rule)}` | `{Word(row.Use)}` | {row.Meaning} |\n");
            }
        }

        return page.ToString();
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
