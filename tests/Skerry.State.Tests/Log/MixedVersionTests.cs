using System.Buffers.Binary;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Log;

/// <summary>What a newer version writes is kept and passed on by one that does not know it: by the log, a checkpoint and a snapshot.</summary>
public sealed class MixedVersionTests
{
    private static readonly EntityKey Unknown = new("hovercraft", "h1");

    [Fact]
    public async Task Unknown_kinds_fields_and_extensions_are_kept_by_log_checkpoint_and_snapshot()
    {
        var time = new ManualTime();
        var store = new MemoryStore();
        var mutation = FromTheFuture();
        byte[] digest;
        await using (var old = await Site.OpenAsync(1, store, time, new ReplicaLimits { MaxLogAge = TimeSpan.FromHours(1) }))
        {
            await old.Replica.ApplyAsync([mutation], default);
            Assert.Equal(mutation.Encoded.ToArray(), Assert.Single(old.LogFrom(VersionVector.Empty)).Encoded.ToArray());
            await using var next = await Site.OpenAsync(2, time: time);
            await next.PullAsync(old);
            Assert.Equal(mutation.Encoded.ToArray(), Assert.Single(next.LogFrom(VersionVector.Empty)).Encoded.ToArray());
            digest = old.Replica.Digest();
            time.Advance(TimeSpan.FromHours(2));
            Assert.True(await old.Replica.CutLogAsync(default));
        }

        await using var again = await Site.OpenAsync(1, store, time);
        Assert.Equal(digest, again.Replica.Digest());
        await using var joined = await Site.OpenAsync(3, time: time);
        await joined.Replica.JoinAsync(StateSnapshot.Decode(again.Replica.TakeSnapshot().Encode(100)), default);
        Assert.Equal(digest, joined.Replica.Digest());
        Assert.Equal("eels", joined.Replica.Find(Unknown)!.GetString("full_of"));
    }

    [Fact]
    public async Task Absent_is_not_empty_is_not_null()
    {
        await using var a = await Site.OpenAsync(1);
        await a.Replica.ApplyAsync([FromTheFuture()], default);
        var entity = StateSnapshot.Decode(a.Replica.TakeSnapshot().Encode()).Find(Unknown)!;
        Assert.Equal(["empty", "full_of", "null"], entity.Fields);
        Assert.True(entity.TryGet("empty", out var empty) && empty.AsString()!.Length == 0);
        Assert.True(entity.TryGet("null", out var none) && none.IsNull);
        Assert.False(entity.TryGet("absent", out _));
        Assert.Empty(entity.Standing("absent"));
    }

    /// <summary>A mutation with an extension that nobody knows, after those that it may have already.</summary>
    private static Mutation FromTheFuture()
    {
        Change[] changes =
        [
            Set(Entity.LifecycleField, FieldValue.From(true)), Set("full_of", FieldValue.FromString("eels")),
            Set("empty", FieldValue.FromString("")), Set("null", FieldValue.Null),
        ];
        var plain = MutationCodec.Create(new Dot(new SiteId(9), 8, 1), new Hlc(7), "future", true, changes).Encoded.ToArray();
        Assert.Equal(0, plain[^5]);
        byte[] extended = [.. plain[..^5], 1, 0xF0, 0x01, 3, (byte)'n', (byte)'e', (byte)'w', 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(extended.AsSpan(extended.Length - 4), ByteWriter.Checksum(extended.AsSpan(0, extended.Length - 4)));
        return MutationCodec.Decode(extended);

        static Change Set(string field, FieldValue value) => new() { Kind = ChangeKind.Set, Key = Unknown, Field = field, Value = value };
    }
}
