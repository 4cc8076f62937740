using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Conflict;

/// <summary>The options that say which conflicts to list.</summary>
internal sealed class ConflictOptions
{
    private readonly Option<string> _kind = new("--kind") { Description = "Only those of things of this kind: volume, user …", HelpName = "KIND" };
    private readonly Option<string> _entity = new("--entity") { Description = "Only those of this thing, by id.", HelpName = "ID" };
    private readonly Option<string> _field = new("--field") { Description = "Only those of this field.", HelpName = "FIELD" };
    private readonly Option<string> _site = new("--site") { Description = "Only those of which a side was written at this site.", HelpName = "SITE" };

    public void AddTo(Command command)
    {
        command.Options.Add(_kind);
        command.Options.Add(_entity);
        command.Options.Add(_field);
        command.Options.Add(_site);
    }

    public ConflictQuery Read(Invocation invocation, string? type = null) =>
        new(invocation.Get(_kind), invocation.Get(_entity), invocation.Get(_field), type, invocation.Get(_site));
}
