using Spectre.Console;

namespace Skerry.Cli.Output;

/// <summary>Tables for people. When nobody looks, they have no colours and no line is cut.</summary>
internal static class TableText
{
    private const int NobodysWidth = 10_000;

    public static void List(Surroundings surroundings, string[] names, IReadOnlyList<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Ascii };
        foreach (var name in names)
        {
            // An id that is broken over lines cannot be copied.
            var isId = name == "id" || name.EndsWith("_id", StringComparison.Ordinal);
            table.AddColumn(new TableColumn(new Text(Title(name, names))) { NoWrap = isId || !surroundings.IsOutTerminal });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        Write(surroundings, table);
    }

    public static void Show(Surroundings surroundings, string[] names, string[] values)
    {
        var table = new Table { Border = TableBorder.Ascii };
        table.AddColumn(new TableColumn(new Text("Field")) { NoWrap = true });
        table.AddColumn(new TableColumn(new Text("Value")));
        foreach (var (name, value) in names.Zip(values))
        {
            table.AddRow(new Text(name), new Text(value));
        }

        Write(surroundings, table);
    }

    /// <summary>size_gib → Size GiB. A unit that the cells show is left out, unless it tells two columns apart.</summary>
    private static string Title(string name, string[] all)
    {
        var bare = WithoutUnit(name);
        var words = (all.Count(other => WithoutUnit(other) == bare) > 1 ? name : bare).Replace('_', ' ');
        var title = char.ToUpperInvariant(words[0]) + words[1..];
        return title == "Id" ? "ID" : title.Replace(" gib", " GiB").Replace(" id", " ID").Replace("Api url", "API URL");
    }

    private static string WithoutUnit(string name) =>
        name.Replace("_bytes", "", StringComparison.Ordinal).Replace("_seconds", "", StringComparison.Ordinal);

    private static void Write(Surroundings surroundings, Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(surroundings.Out),
            Ansi = surroundings.IsOutTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = surroundings.IsOutTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!surroundings.IsOutTerminal)
        {
            console.Profile.Width = NobodysWidth;
        }

        console.Write(table);
    }
}
