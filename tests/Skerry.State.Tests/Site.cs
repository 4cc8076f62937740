using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.State.Tests;

/// <summary>A short vocabulary for histories over several sites.</summary>
internal sealed class Site : IAsyncDisposable
{
    private Site(Replica replica) => Replica = replica;

    public Replica Replica { get; }

    /// <summary>`hold` on v.held, `owner` on v.status which is observed, `hub` on v.policy, `latest` on the rest.</summary>
    public static StateSchema Schema { get; } = new(
    [
        new FieldRule("v", "held", MergeRule.Hold),
        new FieldRule("v", "status", MergeRule.Owner, FieldUse.Observed),
        new FieldRule("v", "policy", MergeRule.Hub),
    ]);

    public static async ValueTask<Site> OpenAsync(
        ulong number, IStateStore? store = null, TimeProvider? time = null, ReplicaLimits? limits = null, Random? random = null, TimeSpan clockOffset = default)
    {
        var options = new ReplicaOptions { Site = new SiteId(number), Schema = Schema, Limits = limits ?? new ReplicaLimits(), ClockOffset = clockOffset };
        return new Site(await Replica.OpenAsync(options, store ?? new MemoryStore(), time ?? TimeProvider.System, random ?? new Random(), default));
    }

    public static EntityKey Key(string id) => new("v", id);

    public Entity? this[string id] => Replica.Find(Key(id));

    public async Task<Dot?> DoAsync(Action<ITransaction> decide) => await Replica.CommitAsync(decide, new CommitOptions($"user{Replica.Site.Value}"), default);

    public Task<Dot?> SetAsync(string id, string field, string value, int rank = 0) =>
        DoAsync(transaction => transaction.Set(Key(id), field, FieldValue.FromString(value), rank));

    public Task<Dot?> DeleteAsync(string id) => DoAsync(transaction => transaction.Delete(Key(id)));

    /// <summary>Everything that the other one has and this one lacks.</summary>
    public async Task PullAsync(Site from)
    {
        var batch = from.Replica.ReadLog(Replica.Vector, null, int.MaxValue, int.MaxValue);
        Assert.False(batch.IsBehindBase);
        await Replica.ApplyAsync(batch.Mutations, default);
    }

    public IReadOnlyList<Mutation> LogFrom(VersionVector from) => Replica.ReadLog(from, null, int.MaxValue, int.MaxValue).Mutations;

    /// <summary>The conflicts as text, to compare sites with.</summary>
    public string[] Conflicts() =>
        [.. Replica.Conflicts.Select(conflict => $"{conflict.Id} {conflict.Kind} {conflict.Winner} > {string.Join(" > ", conflict.Losers)}")];

    public ValueTask DisposeAsync() => Replica.DisposeAsync();
}
