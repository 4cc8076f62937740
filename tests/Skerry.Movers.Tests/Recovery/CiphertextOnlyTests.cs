using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Replicas at a site that never gets the key: what is kept there, what it refuses, and that it follows like any other.</summary>
public sealed class CiphertextOnlyTests
{
    private const int Block = IBlockDevice.BlockSize;
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly byte[] Secret = [.. Enumerable.Range(0, Block).Select(i => (byte)(i % 251 + 1))];

    [Fact]
    public async Task It_follows_by_blocks_and_by_writes_and_holds_nothing_that_can_be_read_there()
    {
        await using var cloud = new LiveCloud();
        var (north, rented) = (await AddAsync(cloud, "north"), await AddAsync(cloud, "rented"));
        var volumeId = await CreateAsync(north, isEncrypted: true);
        var source = await north.OpenAsync(volumeId);
        for (var i = 0; i < 40; i++)
        {
            await source.WriteAsync(i * 3L * Block, Secret, WriteOptions.None, None);
        }

        var id = await ReplicateAsync(north, rented, volumeId);
        await FollowsAsync(north, id);
        await SameAsync(source, rented, volumeId);

        // Streamed, with a trim and a block that turns to zeroes.
        await source.WriteAsync(Block, Secret, WriteOptions.None, None);
        await source.TrimAsync(3 * Block, Block, WriteOptions.None, None);
        await source.WriteAsync(6 * Block, new byte[Block], WriteOptions.None, None);
        await FollowsAsync(north, id);
        await SameAsync(source, rented, volumeId);

        // By difference, after it was away.
        cloud.Cut(rented);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, id).Value.Status == ReplicationWords.Disconnected);
        await source.WriteAsync(90L * Block, Secret, WriteOptions.None, None);
        cloud.CutOff.Clear();
        await FollowsAsync(north, id);
        await SameAsync(source, rented, volumeId);
        await UntilAsync(
            () => north.Replications.Show(LiveSite.Admin, id).Value is { IsCiphertextOnly: true, Source.LastTransfer: { Kind: "catch-up", MovedBytes: Block } },
            () => north.Replications.Show(LiveSite.Admin, id).Value);
    }

    [Fact]
    public async Task It_cannot_be_promoted_drilled_or_restored_and_says_who_has_the_key()
    {
        await using var cloud = new LiveCloud();
        var (north, rented) = (await AddAsync(cloud, "north"), await AddAsync(cloud, "rented"));
        var volumeId = await CreateAsync(north, isEncrypted: true);
        await (await north.OpenAsync(volumeId)).WriteAsync(0, Secret, WriteOptions.None, None);
        var id = await ReplicateAsync(north, rented, volumeId);
        await FollowsAsync(north, id);
        await UntilAsync(() => rented.Replications.Show(LiveSite.Admin, id) is { IsRefused: false, Value.Target.RecoveryPoint: not null });

        Says((await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId), None)).Refusal);
        Says((await north.Recovery.PreviewAsync(LiveSite.Admin, new FailoverRequest(volumeId), None)).Value.Refusal);
        Says((await north.Drills.StartAsync(LiveSite.Admin, new StartDrillRequest(volumeId), None)).Refusal);
        Says((await rented.Replications.SetAsync(LiveSite.Admin, id, new() { OnIsolation = "stop" }, None)).Refusal, "may be promoted");
        cloud.Cut(north);
        await north.KillAsync();
        await UntilAsync(async () => !(await rented.Replicas.FindAsync(volumeId, None))!.IsConnected);
        Says((await rented.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, "rented", IsForced: true), None)).Refusal);
        Says((await rented.Recovery.PromoteAsync(LiveSite.Admin, new PromoteRequest(volumeId, IsForced: true), None)).Refusal);
        Assert.True((await rented.OpenAsync(volumeId)).IsReadOnly);

        cloud.CutOff.Clear();
        await north.StartAsync(None);
        await FollowsAsync(north, id);
        Assert.False((await north.Replications.DeleteAsync(LiveSite.Admin, id, None)).IsRefused);
        Says((await north.Trash.RestoreAsync(LiveSite.Admin, id, null, None)).Refusal, "never had its key");
    }

    [Fact]
    public async Task It_follows_another_site_that_has_the_key_without_a_full_copy()
    {
        await using var cloud = new LiveCloud();
        var (north, west, rented) = (await AddAsync(cloud, "north"), await AddAsync(cloud, "west"), await AddAsync(cloud, "rented"));
        var volumeId = await CreateAsync(north, isEncrypted: true);
        var source = await north.OpenAsync(volumeId);
        for (var i = 0; i < 100; i++)
        {
            await source.WriteAsync(i * (long)Block, Secret, WriteOptions.None, None);
        }

        var kept = await ReplicateAsync(north, west, volumeId, isCiphertextOnly: false);
        var id = await ReplicateAsync(north, rented, volumeId);
        await FollowsAsync(north, kept);
        await FollowsAsync(north, id);

        // The one with the key is meant where none is named.
        var moved = await north.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId), None);
        Assert.False(moved.IsRefused, moved.Refusal?.ToString());
        var operation = (await north.Operations.WaitAsync(LiveSite.Admin, moved.OperationId!, TimeSpan.FromSeconds(60), None)).Value;
        Assert.True(operation.Status == OperationStatus.Succeeded, operation.Reason);
        await UntilAsync(async () => !(await west.OpenAsync(volumeId)).IsReadOnly);
        var primary = await west.OpenAsync(volumeId);
        await primary.WriteAsync(200L * Block, Secret, WriteOptions.None, None);
        await FollowsAsync(west, id);
        await SameAsync(primary, rented, volumeId);
        Assert.InRange(west.Replications.Show(LiveSite.Admin, id).Value.Source?.LastTransfer?.MovedBytes ?? 0, 0, 2 * Block);
    }

    [Fact]
    public async Task What_has_no_key_to_do_without_is_not_replicated_so()
    {
        await using var cloud = new LiveCloud();
        var (north, rented) = (await AddAsync(cloud, "north"), await AddAsync(cloud, "rented"));
        var plain = await CreateAsync(north, isEncrypted: false);
        var secret = await CreateAsync(north, isEncrypted: true);
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), rented.Id).Count > 0);
        async Task<Refusal?> TryAsync(CreateReplicationRequest request) =>
            (await north.Replications.CreateAsync(LiveSite.Admin, request with { IsCiphertextOnly = true }, None)).Refusal;

        Says(await TryAsync(new(plain, "rented", null)), "is not encrypted");
        Says(await TryAsync(new(secret, "rented", null) { Adopt = secret }), "Leave adopt out");
        Says(await TryAsync(new(secret, "rented", null) { Settings = new() { OnIsolation = "stop" } }), "may be promoted");
    }

    private static void Says(Refusal? refusal, string what = "holds only ciphertext of volume") =>
        Assert.True(
            refusal is not null && refusal.ToString().Contains(what, StringComparison.Ordinal)
            && (!what.StartsWith("holds", StringComparison.Ordinal) || refusal.Message.Contains("north has the key", StringComparison.Ordinal)),
            refusal?.ToString() ?? "it was not refused");

    /// <summary>The replica is the source's content under the source's key, and none of that content stands in its store.</summary>
    private static async Task SameAsync(BlockVolume source, LiveSite site, string volumeId)
    {
        var replica = await site.OpenAsync(volumeId);
        Assert.False(replica.IsEncrypted);
        using var cipher = source.OpenOutsideCipher();
        var (content, held) = (new byte[256 * Block], new byte[256 * Block]);
        await source.ReadAsync(0, content, None);
        await UntilAsync(async () =>
        {
            await replica.ReadAsync(0, held, None);
            Assert.Equal(-1, held.AsSpan().IndexOf(Secret.AsSpan(0, 64)));
            cipher.Decrypt(0, held);
            return content.AsSpan().SequenceEqual(held);
        });
    }

    private static async Task<LiveSite> AddAsync(LiveCloud cloud, string name)
    {
        var site = await cloud.AddAsync(name, TimeSpan.FromMinutes(1));
        await site.PublishCertificateAsync();
        return site;
    }

    private static async Task<string> CreateAsync(LiveSite site, bool isEncrypted)
    {
        await UntilAsync(() => BackendReport.Of(StateView.Of(site.Context.Replica), site.Id).Count > 0);
        var made = await site.Volumes.CreateAsync(LiveSite.Admin, new CreateVolumeRequest { Name = "disk", SizeGib = 1, Encrypted = isEncrypted }, None);
        await UntilAsync(() => site.Volumes.Show(LiveSite.Admin, made.Value.Id).Value.Status == VolumeStatus.Available);
        return made.Value.Id;
    }

    private static async Task<string> ReplicateAsync(LiveSite from, LiveSite to, string volumeId, bool isCiphertextOnly = true)
    {
        await UntilAsync(() => BackendReport.Of(StateView.Of(from.Context.Replica), to.Id).Count > 0);
        var made = await from.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(volumeId, to.Name, null) { IsCiphertextOnly = isCiphertextOnly }, None);
        Assert.False(made.IsRefused, made.Refusal?.ToString());
        return made.Value.Id;
    }

    private static Task FollowsAsync(LiveSite site, string replicationId) => UntilAsync(
        () => site.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 },
        () => site.Replications.Show(LiveSite.Admin, replicationId).Value);

    private static Task UntilAsync(Func<bool> condition, Func<object>? state = null) => RecoveryTests.UntilAsync(condition, state);

    private static Task UntilAsync(Func<Task<bool>> condition) => RecoveryTests.UntilAsync(condition);
}
