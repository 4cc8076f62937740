using Skerry.Domain.Identity;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.Domain.Tests.Schema;

public sealed class DomainSchemaTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public void Every_kind_that_has_a_name_has_rules()
    {
        var names = new[] { typeof(EntityKinds), typeof(IdentityKinds) }
            .SelectMany(holder => holder.GetFields())
            .Select(field => (string)field.GetRawConstantValue()!)
            .Order(StringComparer.Ordinal);
        Assert.Equal(names, DomainSchema.Kinds.Select(kind => kind.Kind).Order(StringComparer.Ordinal));
    }

    /// <summary>So every test of the product that writes walks the table: a field that is not in it fails there.</summary>
    [Fact]
    public async Task A_field_that_the_table_leaves_out_cannot_be_written_and_one_that_a_newer_version_wrote_can_be_settled()
    {
        await using var here = await OpenAsync(DomainSchema.Schema);
        var key = new EntityKey(EntityKinds.Volume, "v");
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(here, transaction => transaction.Set(key, "colour", "red")));

        await using var newer = await OpenAsync(StateSchema.Default);
        await WriteAsync(newer, transaction => transaction.Set(key, "colour", "blue"));
        await here.ApplyAsync(newer.ReadLog(VersionVector.Empty, null, 10, 1000).Mutations, None);
        await WriteAsync(here, transaction => transaction.Resolve(key, "colour", FieldValue.FromString("green")));
        Assert.Equal("green", here.Find(key)!.GetString("colour"));
        await WriteAsync(here, transaction => transaction.Set(new EntityKey("of a newer version", "x"), "anything", "goes"));
    }

    [Fact]
    public void The_page_of_merge_rules_is_what_the_table_says()
    {
        var path = Path.Combine(Root(), "docs", "reference", "merge-rules.md");
        if (Environment.GetEnvironmentVariable("SKERRY_WRITE_REFERENCE") == "1")
        {
            File.WriteAllText(path, MergeRulesPage.Text());
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == MergeRulesPage.Text(),
            "docs/reference/merge-rules.md is stale: run the tests once with SKERRY_WRITE_REFERENCE=1");
    }

    private static Task WriteAsync(Replica replica, Action<ITransaction> write) =>
        replica.CommitAsync(write, new CommitOptions("test"), None).AsTask();

    private static async Task<Replica> OpenAsync(StateSchema schema) => await Replica.OpenAsync(
        new ReplicaOptions { Site = SiteId.Create(Random.Shared), Schema = schema }, new MemoryStore(), TimeProvider.System, Random.Shared, None);

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skerry.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
