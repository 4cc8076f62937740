using Skerry.Blocks;
using Skerry.Blocks.Integrity;
using Skerry.Domain.Replication;
using static Skerry.Movers.Tests.Recovery.RecoveryTests;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Blocks rot at one site, and come back from the other that holds a copy.</summary>
public sealed class HealTests
{
    private const int Bytes = 256 * 4096;

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task Rot_at_the_primary_is_healed_from_the_replica_while_it_is_read()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, content) = await ReplicatedAsync(north, south);
        var volume = await north.OpenAsync(volumeId);
        var places = Rot(north, content, [3, 77, 78, 200]);
        Assert.Equal(content, await ReadAsync(volume, 0, Bytes));
        Assert.All(places, place => Assert.Equal(place.Was, north.Storage.Bytes(place.File)[place.At]));
        Assert.Empty((await north.Store.VerifyAsync(volumeId, null, None)).Findings);
    }

    [Fact]
    public async Task Rot_at_the_replica_is_healed_from_the_primary_by_a_check_also_when_the_primary_has_gone_on()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, content) = await ReplicatedAsync(north, south);
        Rot(south, content, [3, 77]);
        var report = await south.Store.VerifyAsync(volumeId, null, None);
        Assert.Equal(2 * 4096, report.BadBytes);
        Assert.Equal(2 * 4096, report.HealedBytes);
        Assert.All(report.Findings, finding => Assert.True(finding.IsHealed && finding.File is not null));
        Assert.Equal(content, await ReadAsync(await south.OpenAsync(volumeId), 0, Bytes));

        // What the primary has overwritten since is not what was lost: it is not taken, and the range stays an error.
        Rot(south, content, [100]);
        var volume = await north.OpenAsync(volumeId);
        await volume.WriteAsync(100 * 4096, new byte[] { 1, 2, 3 }, WriteOptions.ForceUnitAccess, None);
        var replica = await south.OpenAsync(volumeId);
        await UntilAsync(() => replica.Lineage.LastNumber == volume.Lineage.LastNumber);
        Assert.Equal(await ReadAsync(volume, 0, Bytes), await ReadAsync(replica, 0, Bytes));
    }

    [Fact]
    public async Task A_check_is_an_operation_at_the_site_that_is_named_and_its_result_lists_what_it_healed()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, content) = await ReplicatedAsync(north, south);
        Rot(south, content, [3, 4, 77]);
        var asked = await north.Volumes.CheckAsync(LiveSite.Admin, volumeId, south.Id, None);
        var ended = (await north.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None)).Value;
        Assert.Equal(Skerry.Domain.Operations.OperationStatus.Succeeded, ended.Status);
        using var result = System.Text.Json.JsonDocument.Parse(ended.Result!.Value.ToString());
        Assert.Equal(3 * 4096, result.RootElement.GetProperty("healed_bytes").GetInt64());
        Assert.Equal(3 * 4096, result.RootElement.GetProperty("bad_bytes").GetInt64());
        Assert.Equal([3 * 4096L, 77 * 4096L], result.RootElement.GetProperty("bad_ranges").EnumerateArray().Select(range => range.GetProperty("offset_bytes").GetInt64()));

        var elsewhere = await north.Volumes.CheckAsync(LiveSite.Admin, volumeId, "0000000000000001", None);
        Assert.Equal(Skerry.Domain.RefusalKind.Invalid, elsewhere.Refusal?.Kind);
        asked = await south.Volumes.CheckAsync(LiveSite.Admin, volumeId, null, None);
        ended = (await south.Operations.WaitAsync(LiveSite.Admin, asked.OperationId!, TimeSpan.FromSeconds(60), None)).Value;
        Assert.Equal(north.Id, ended.TargetSite);
        using var clean = System.Text.Json.JsonDocument.Parse(ended.Result!.Value.ToString());
        Assert.Equal(0, clean.RootElement.GetProperty("bad_bytes").GetInt64());
    }

    [Fact]
    public async Task Without_a_copy_in_reach_only_the_range_is_an_error_that_names_the_file_and_the_place()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, content) = await ReplicatedAsync(north, south);
        var volume = await north.OpenAsync(volumeId);
        cloud.Cut(south);
        var place = Rot(north, content, [77])[0];
        var fault = await Assert.ThrowsAsync<BlockException>(async () => await ReadAsync(volume, 0, Bytes));
        Assert.Equal(BlockError.Corrupt, fault.Error);
        Assert.Equal(new BlockDamage(77 * 4096, 4096, place.File, place.At / 4096 * 4096), fault.Damage);
        Assert.Contains($"bytes {77 * 4096} to {78 * 4096}", fault.Message, StringComparison.Ordinal);
        Assert.Equal(content[..(77 * 4096)], await ReadAsync(volume, 0, 77 * 4096));
        Assert.Equal(content[(78 * 4096)..], await ReadAsync(volume, 78 * 4096, Bytes - (78 * 4096)));
        var report = await north.Store.VerifyAsync(volumeId, null, None);
        Assert.Equal((4096L, 0L), (report.BadBytes, report.HealedBytes));
    }

    [Fact]
    public async Task A_site_that_holds_no_copy_is_given_no_blocks()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var third = await cloud.AddAsync("third");
        var (volumeId, content) = await ReplicatedAsync(north, south);
        await UntilAsync(() => new CopyHolders(third.Context).Others(volumeId).Count == 2);
        var lost = new LostBlock(3 * 4096, Skerry.Blocks.Log.Crc32C.Of(content.AsSpan(3 * 4096, 4096)));
        Assert.NotNull((await south.Store.Healer!.FetchAsync(volumeId, [lost], None))[0]);
        Assert.Null((await third.Store.Healer!.FetchAsync(volumeId, [lost], None))[0]);
    }

    [Fact]
    public async Task Two_copies_that_rotted_in_different_blocks_heal_each_other_and_what_both_lost_is_named()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, content) = await ReplicatedAsync(north, south);
        Rot(north, content, [3, 77, 200]);
        Rot(south, content, [5, 78, 200]);
        var (primary, replica) = (await north.OpenAsync(volumeId), await south.OpenAsync(volumeId));
        Assert.Equal(content[..(200 * 4096)], await ReadAsync(primary, 0, 200 * 4096));
        var report = await south.Store.VerifyAsync(volumeId, null, None);
        Assert.Equal((3 * 4096L, 2 * 4096L), (report.BadBytes, report.HealedBytes));
        Assert.Equal(content[..(200 * 4096)], await ReadAsync(replica, 0, 200 * 4096));
        foreach (var volume in (BlockVolume[])[primary, replica])
        {
            var fault = await Assert.ThrowsAsync<BlockException>(async () => await ReadAsync(volume, 0, Bytes));
            Assert.Equal((200 * 4096L, 4096L), (fault.Damage!.OffsetBytes, fault.Damage.LengthBytes));
        }

        // Written anew it is sound at both, and the relation was never in the way.
        var anew = content.AsMemory(9 * 4096, 4096);
        await primary.WriteAsync(200 * 4096, anew, WriteOptions.ForceUnitAccess, None);
        await UntilAsync(() => replica.Lineage.LastNumber == primary.Lineage.LastNumber);
        Assert.Equal(await ReadAsync(primary, 0, Bytes), await ReadAsync(replica, 0, Bytes));
    }

    [Fact]
    public async Task What_rotted_at_a_returning_primary_and_nobody_else_has_does_not_keep_it_from_following()
    {
        await using var cloud = new LiveCloud();
        var (north, south) = (await cloud.AddAsync("north"), await cloud.AddAsync("south"));
        var (volumeId, content) = await ReplicatedAsync(north, south);
        cloud.Cut(north);
        var apart = content.ToArray();
        new Random(5).NextBytes(apart.AsSpan(100 * 4096, 8 * 4096));
        var old = await north.OpenAsync(volumeId);
        await old.WriteAsync(100 * 4096, apart.AsMemory(100 * 4096, 8 * 4096), WriteOptions.ForceUnitAccess, None);
        await UntilAsync(async () => !(await south.Replicas.FindAsync(volumeId, None))!.IsConnected);
        await SucceedsAsync(south, await south.Recovery.FailoverAsync(LiveSite.Admin, new Skerry.Domain.Recovery.FailoverRequest(volumeId, IsForced: true), None));
        await UntilAsync(async () => !(await south.OpenAsync(volumeId)).IsReadOnly);
        var primary = await south.OpenAsync(volumeId);
        await primary.WriteAsync(104 * 4096, content.AsMemory(0, 8 * 4096), WriteOptions.ForceUnitAccess, None);
        Rot(north, apart, [103, 105]);
        cloud.CutOff.Clear();
        await UntilAsync(async () => await north.OpenAsync(volumeId) is { IsReadOnly: true } copy && copy.Lineage.Equals(primary.Lineage));
        Assert.Equal(await ReadAsync(primary, 0, Bytes), await ReadAsync(await north.OpenAsync(volumeId), 0, Bytes));
    }

    private static async Task<(string VolumeId, byte[] Content)> ReplicatedAsync(LiveSite north, LiveSite south)
    {
        var (volumeId, replicationId) = await ReplicateAsync(north, south);
        await UntilAsync(async () => !(await north.OpenAsync(volumeId)).IsReadOnly);
        var content = new byte[Bytes];
        new Random(4).NextBytes(content);
        var volume = await north.OpenAsync(volumeId);
        await volume.WriteAsync(0, content, WriteOptions.ForceUnitAccess, None);
        await UntilAsync(async () => south.Store.VolumeIds.Contains(volumeId)
            && (await south.OpenAsync(volumeId)).Lineage.LastNumber == volume.Lineage.LastNumber);
        await UntilAsync(() => north.Replications.Show(LiveSite.Admin, replicationId).Value.Status == ReplicationWords.Secondary);
        return (volumeId, content);
    }

    /// <summary>A bit of each block turns over where it is stored.</summary>
    private static List<(string File, int At, byte Was)> Rot(LiveSite site, byte[] content, int[] blocks)
    {
        var places = new List<(string, int, byte)>();
        foreach (var block in blocks)
        {
            foreach (var name in site.Storage.List().Where(name => name.EndsWith(".segment", StringComparison.Ordinal)))
            {
                var bytes = site.Storage.Bytes(name);
                var at = bytes.AsSpan().IndexOf(content.AsSpan(block * 4096, 4096));
                if (at >= 0)
                {
                    places.Add((name, at + 1000, bytes[at + 1000]));
                    bytes[at + 1000] ^= 8;
                }
            }
        }

        Assert.True(places.Count >= blocks.Length, "the blocks are not stored");
        return places;
    }

    private static async Task<byte[]> ReadAsync(IBlockDevice device, long offset, int length)
    {
        var bytes = new byte[length];
        await device.ReadAsync(offset, bytes, None);
        return bytes;
    }
}
