using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skerry.Cli.Output;

/// <summary>
/// Prints records as data. A table rounds for people and, of a list, shows the brief columns; json, yaml and value print raw values,
/// and json and yaml all columns. <c>-c</c> chooses in every format.
/// </summary>
internal sealed class Printer(Surroundings surroundings, string format, IReadOnlyList<string> chosen)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        // Names may hold any script; a terminal shows it and a parser takes both.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void List<T>(View<T> view, IReadOnlyList<T> records)
    {
        var columns = Columns(view, isList: true);
        switch (format)
        {
            case "json":
                Out(new JsonArray([.. records.Select(record => (JsonNode)Raw(columns, record))]).ToJsonString(Indented));
                break;
            case "yaml":
                YamlText.Write(surroundings.Out, new JsonArray([.. records.Select(record => (JsonNode)Raw(columns, record))]));
                break;
            case "value":
                foreach (var record in records)
                {
                    Out(string.Join(' ', columns.Select(column => CellText.Raw(column.Value(record)))));
                }

                break;
            default:
                TableText.List(surroundings, [.. columns.Select(c => c.Name)], [.. records.Select(r => Cells(columns, r))]);
                break;
        }
    }

    public void Show<T>(View<T> view, T record)
    {
        var columns = Columns(view, isList: false);
        switch (format)
        {
            case "json":
                Out(Raw(columns, record).ToJsonString(Indented));
                break;
            case "yaml":
                YamlText.Write(surroundings.Out, Raw(columns, record));
                break;
            case "value":
                foreach (var column in columns)
                {
                    Out(CellText.Raw(column.Value(record)));
                }

                break;
            default:
                TableText.Show(surroundings, [.. columns.Select(c => c.Name)], Cells(columns, record));
                break;
        }
    }

    private IReadOnlyList<Column<T>> Columns<T>(View<T> view, bool isList) =>
        chosen.Count > 0 ? view.Select(chosen)
        : isList && format is "table" or "value" ? [.. view.All.Where(column => column.IsBrief || !isList)]
        : view.All;

    private static string[] Cells<T>(IReadOnlyList<Column<T>> columns, T record) =>
        [.. columns.Select(column => CellText.Human(column.Name, column.Value(record)))];

    private static JsonObject Raw<T>(IReadOnlyList<Column<T>> columns, T record)
    {
        var node = new JsonObject();
        foreach (var column in columns)
        {
            node[column.Name] = CellText.Node(column.Value(record));
        }

        return node;
    }

    private void Out(string line) => surroundings.Out.WriteLine(line);
}
