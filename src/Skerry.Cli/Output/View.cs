using System.Text.Json.Serialization.Metadata;

namespace Skerry.Cli.Output;

/// <summary>One column: a contract in its name, its type and its unit.</summary>
/// <param name="Name">snake_case, with the unit of a raw number at its end.</param>
/// <param name="Meaning">For the reference.</param>
/// <param name="Value">A string, number, bool, time, list, map, <c>JsonElement</c> or null.</param>
/// <param name="IsBrief">Shown in the table of a list.</param>
internal sealed record Column<T>(string Name, string Meaning, Func<T, object?> Value, bool IsBrief = true);

/// <summary>What the reference says of a record.</summary>
internal interface IView
{
    string Noun { get; }

    IReadOnlyList<(string Name, string Meaning, bool IsBrief)> Columns { get; }

    /// <summary>The whole record, as json and yaml print it.</summary>
    JsonTypeInfo Record { get; }
}

/// <summary>How one kind of record is printed: whole in json and yaml, and by columns.</summary>
internal sealed class View<T>(string noun, JsonTypeInfo<T> record, params IReadOnlyList<Column<T>> columns) : IView
{
    public string Noun => noun;

    public IReadOnlyList<Column<T>> All => columns;

    public JsonTypeInfo<T> Record => record;

    JsonTypeInfo IView.Record => record;

    IReadOnlyList<(string Name, string Meaning, bool IsBrief)> IView.Columns =>
        [.. columns.Select(column => (column.Name, column.Meaning, column.IsBrief))];

    /// <param name="names">As given with <c>-c</c>; case and the choice of blank, dash or underscore do not matter.</param>
    public IReadOnlyList<Column<T>> Select(IReadOnlyList<string> names) => [.. names.Select(Find)];

    private Column<T> Find(string name)
    {
        var wanted = name.Replace(' ', '_').Replace('-', '_');
        return columns.FirstOrDefault(column => column.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException(
                $"There is no column {name}.", $"A {noun} has {string.Join(", ", columns.Select(column => column.Name))}.");
    }
}
