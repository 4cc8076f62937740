using System.Security.Cryptography;
using Skerry.Domain;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Tests.Native;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Encrypted volumes between sites: who gets the key, and what happens where it is not.</summary>
public sealed class EncryptedVolumeTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task An_encrypted_volume_fails_over_and_back_and_each_site_opens_it_with_its_own_key()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = await StartAsync(cloud, south: true);
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 30);
        await FollowsAsync(north, replicationId);
        var (here, there) = (await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));
        Assert.True(here.IsEncrypted && there.IsEncrypted);
        Assert.Equal(here.WrappedKey!.KeyId, there.WrappedKey!.KeyId);
        Assert.NotEqual(here.WrappedKey.HolderId, there.WrappedKey.HolderId);

        // The first site is lost with its key, and the other has all that it takes.
        cloud.Cut(north);
        await north.KillAsync();
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None));
        await UntilAsync(async () => !(await south.OpenAsync(volumeId)).IsReadOnly);
        var promoted = await south.OpenAsync(volumeId);
        await history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
        await WriteAsync(history, south, volumeId, 20);

        // Its store comes back and opens with the key that it had.
        cloud.CutOff.Clear();
        await north.StartAsync(None);
        await FollowsAsync(south, replicationId);
        await SucceedsAsync(north, await north.Recovery.FailbackAsync(LiveSite.Admin, new FailoverRequest(volumeId), None));
        await UntilAsync(async () => !(await north.OpenAsync(volumeId)).IsReadOnly);
        var home = await north.OpenAsync(volumeId);
        await history.AssertHoldsAsync(home, home.Lineage, "home");
    }

    [Fact]
    public async Task No_copy_begins_before_its_site_has_the_key_and_the_refusal_says_who_has_it()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = await StartAsync(cloud, south: false);
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(() => Reasons(north, replicationId).Contains("site north has the key", StringComparison.Ordinal));
        Assert.DoesNotContain(volumeId, south.Store.VolumeIds);

        await south.PublishCertificateAsync();
        await FollowsAsync(north, replicationId);
        Assert.True((await south.OpenAsync(volumeId)).IsEncrypted);
    }

    [Fact]
    public async Task A_site_that_lost_its_key_refuses_to_promote_and_says_who_has_the_volumes()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = await StartAsync(cloud, south: true);
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        var history = new DiskHistory();
        await WriteAsync(history, north, volumeId, 10);
        await FollowsAsync(north, replicationId);
        await south.KillAsync();
        south.Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await south.StartAsync(None);
        Assert.True((await south.OpenAsync(volumeId)).IsLocked);
        cloud.Cut(north);
        await north.KillAsync();

        var asked = await south.Recovery.FailoverAsync(LiveSite.Admin, new FailoverRequest(volumeId, IsForced: true), None);
        Assert.False(asked.IsRefused, asked.Refusal?.Message);
        var ended = await EndedAsync(south, asked.OperationId!);
        Assert.Equal(OperationStatus.Failed, ended.Status);
        Assert.Contains("Site north has the key", ended.Reason, StringComparison.Ordinal);
        Assert.True(Generations.Primary(StateView.Of(south.Context.Replica), volumeId)!.IsPrimary(north.Id));
    }

    [Fact]
    public async Task A_clone_is_encrypted_as_its_source_is_and_cannot_be_asked_to_differ()
    {
        await using var cloud = new LiveCloud();
        var (north, _) = await StartAsync(cloud, south: false);
        var source = await CreateAsync(north, new CreateVolumeRequest { Name = "disk", SizeGib = 1, Encrypted = true });
        var copy = await CreateAsync(north, new CreateVolumeRequest { Name = "copy", SizeGib = 2, SourceVolumeId = source });
        Assert.True(north.Volumes.Show(LiveSite.Admin, copy).Value.IsEncrypted);
        Assert.Equal((await north.OpenAsync(source)).WrappedKey!.KeyId, (await north.OpenAsync(copy)).WrappedKey!.KeyId);
        var refused = await north.Volumes.CreateAsync(
            LiveSite.Admin, new CreateVolumeRequest { Name = "plain", SizeGib = 1, SourceVolumeId = source, Encrypted = false }, None);
        Assert.Equal("encrypted", refused.Refusal!.Field);
    }

    private static async Task<(LiveSite North, LiveSite South)> StartAsync(LiveCloud cloud, bool south)
    {
        var (one, other) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        await one.PublishCertificateAsync();
        if (south)
        {
            await other.PublishCertificateAsync();
        }

        return (one, other);
    }

    private static string Reasons(LiveSite site, string replicationId) =>
        site.Replications.Show(LiveSite.Admin, replicationId).Value is var view ? $"{view.Reason} {view.Source?.Reason} {view.Target?.Reason}" : "";

    private static async Task<string> CreateAsync(LiveSite site, CreateVolumeRequest request)
    {
        await UntilAsync(() => BackendReport.Of(StateView.Of(site.Context.Replica), site.Id).Count > 0);
        var made = await site.Volumes.CreateAsync(LiveSite.Admin, request, None);
        Assert.False(made.IsRefused, made.Refusal?.ToString());
        await UntilAsync(() => site.Volumes.Show(LiveSite.Admin, made.Value.Id).Value.Status == VolumeStatus.Available);
        return made.Value.Id;
    }

    private static async Task<(string VolumeId, string ReplicationId)> ReplicateAsync(LiveSite north, LiveSite south)
    {
        await UntilAsync(() => BackendReport.Of(StateView.Of(north.Context.Replica), south.Id).Count > 0);
        var id = await CreateAsync(north, new CreateVolumeRequest { Name = "disk", SizeGib = 1, Encrypted = true });
        var replication = await north.Replications.CreateAsync(
            LiveSite.Admin, new CreateReplicationRequest(id, "south", null), None);
        Assert.False(replication.IsRefused, replication.Refusal?.ToString());
        return (id, replication.Value.Id);
    }

    private static async Task WriteAsync(DiskHistory history, LiveSite site, string volumeId, int count)
    {
        var volume = await site.OpenAsync(volumeId);
        for (var i = 0; i < count; i++)
        {
            await history.WriteAsync(volume, i % 17, 1, isTrim: i % 11 == 10);
        }
    }

    private static Task FollowsAsync(LiveSite site, string replicationId) => UntilAsync(
        () => site.Replications.Show(LiveSite.Admin, replicationId).Value is { Status: ReplicationWords.Secondary, Source.LagBytes: 0 },
        () => site.Replications.Show(LiveSite.Admin, replicationId).Value);

    private static async Task<Operation> EndedAsync(LiveSite site, string operationId) =>
        (await site.Operations.WaitAsync(LiveSite.Admin, operationId, TimeSpan.FromSeconds(60), None)).Value;

    private static async Task SucceedsAsync(LiveSite site, Outcome<RecoveryTicket> outcome)
    {
        Assert.False(outcome.IsRefused, outcome.Refusal?.ToString());
        var operation = await EndedAsync(site, outcome.OperationId!);
        Assert.True(operation.Status == OperationStatus.Succeeded, $"{operation.Status}: {operation.Reason}");
    }

    private static Task UntilAsync(Func<bool> condition, Func<object>? state = null) =>
        UntilAsync(() => Task.FromResult(condition()), state);

    private static async Task UntilAsync(Func<Task<bool>> condition, Func<object>? state = null)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(60); !await condition();)
        {
            Assert.True(DateTime.UtcNow < deadline, $"it did not come to that: {state?.Invoke()}");
            await Task.Delay(10);
        }
    }
}
