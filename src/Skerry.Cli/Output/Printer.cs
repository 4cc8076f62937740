using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skerry.Cli.Output;

/// <summary>
/// Prints records as data. json and yaml print whole records as the API has them, or the chosen columns as one flat object; a table
/// and value print columns, of a list the brief ones unless chosen. Only a table rounds.
/// </summary>
internal sealed class Printer(Surroundings surroundings, string format, IReadOnlyList<string> chosen)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        // Names may hold any script; a terminal shows it and a parser takes both.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void List<T>(View<T> view, IReadOnlyList<T> records)
    {
        // Before any output, so that a wrong column name prints nothing else.
        var columns = chosen.Count > 0 ? view.Select(chosen) : [.. view.All.Where(column => column.IsBrief)];
        switch (format)
        {
            case "json" or "yaml":
                WriteNode(new JsonArray([.. records.Select(record => Node(view, columns, record))]));
                break;
            case "value":
                foreach (var record in records)
                {
                    surroundings.Out.WriteLine(string.Join(' ', columns.Select(column => CellText.Raw(column.Value(record)))));
                }

                break;
            default:
                TableText.List(surroundings, [.. columns.Select(c => c.Name)], [.. records.Select(r => Cells(columns, r))]);
                break;
        }
    }

    public void Show<T>(View<T> view, T record)
    {
        var columns = chosen.Count > 0 ? view.Select(chosen) : view.All;
        switch (format)
        {
            case "json" or "yaml":
                WriteNode(Node(view, columns, record));
                break;
            case "value":
                foreach (var column in columns)
                {
                    surroundings.Out.WriteLine(CellText.Raw(column.Value(record)));
                }

                break;
            default:
                TableText.Show(surroundings, [.. columns.Select(c => c.Name)], Cells(columns, record));
                break;
        }
    }

    private JsonNode? Node<T>(View<T> view, IReadOnlyList<Column<T>> columns, T record) => chosen.Count == 0
        ? JsonSerializer.SerializeToNode(record, view.Record)
        : new JsonObject(columns.Select(column => KeyValuePair.Create(column.Name, CellText.Node(column.Value(record)))));

    private void WriteNode(JsonNode? node)
    {
        if (format == "json")
        {
            surroundings.Out.WriteLine(node?.ToJsonString(Indented) ?? "null");
        }
        else
        {
            YamlText.Write(surroundings.Out, node);
        }
    }

    private static string[] Cells<T>(IReadOnlyList<Column<T>> columns, T record) =>
        [.. columns.Select(column => CellText.Human(column.Name, column.Value(record)))];
}
