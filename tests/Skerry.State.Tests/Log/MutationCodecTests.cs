using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Log;

public sealed class MutationCodecTests
{
    [Fact]
    public Task A_mutation_reads_back_as_it_was() => Chance.ForEachSeedAsync(300, chance =>
    {
        var mutation = Draw(chance);
        var read = MutationCodec.Decode(mutation.Encoded);
        Assert.Equal((mutation.Dot, mutation.Stamp, mutation.Author, mutation.IsUrgent), (read.Dot, read.Stamp, read.Author, read.IsUrgent));
        Assert.Equal(mutation.Changes.Select(Text), read.Changes.Select(Text));
        Assert.Equal(mutation.Encoded, MutationCodec.Create(read.Dot, read.Stamp, read.Author, read.IsUrgent, read.Changes).Encoded);
        return Task.CompletedTask;
    });

    [Fact]
    public Task Whatever_is_cut_or_flipped_is_refused_by_name() => Chance.ForEachSeedAsync(40, chance =>
    {
        var bytes = Draw(chance).Encoded.ToArray();
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<StateFormatException>(() => MutationCodec.Decode(bytes.AsMemory(0, length)));
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<StateFormatException>(() => MutationCodec.Decode(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        return Task.CompletedTask;
    });

    [Fact]
    public Task Bytes_with_a_good_checksum_and_a_bad_inside_are_refused_by_name_or_read() => Chance.ForEachSeedAsync(5000, chance =>
    {
        var body = Draw(chance).Encoded.ToArray().AsSpan()[..^4].ToArray();
        for (var i = 1 + chance.Below(4); i > 0; i--) body[chance.Below(body.Length)] = (byte)chance.Below(256);
        var writer = new ByteWriter();
        writer.WriteRaw(body.AsSpan(0, chance.OneIn(3) ? chance.Below(body.Length) + 1 : body.Length));
        writer.WriteChecksum();
        try
        {
            MutationCodec.Decode(writer.ToArray());
        }
        catch (StateFormatException)
        {
            // Named, as it should be; any other exception fails the test.
        }

        return Task.CompletedTask;
    });

    [Fact]
    public void A_newer_version_is_refused_with_what_to_do()
    {
        var writer = new ByteWriter();
        writer.WriteByte(MutationCodec.Version + 1);
        writer.WriteUInt64(0);
        writer.WriteChecksum();
        var refused = Assert.Throws<StateFormatException>(() => MutationCodec.Decode(writer.ToArray()));
        Assert.Contains("upgrade", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_this_version_does_not_know_are_kept_and_passed_on()
    {
        var plain = MutationCodec.Create(new Dot(new SiteId(1), 2, 3), new Hlc(4), "ann", urgent: true, []).Encoded.Span;
        var writer = new ByteWriter();
        writer.WriteRaw(plain[..^5]);
        writer.WriteVarint(1);
        writer.WriteVarint(77);
        writer.WriteBytes("from the future"u8);
        writer.WriteChecksum();
        var read = MutationCodec.Decode(writer.ToArray());
        Assert.Equal(new Dot(new SiteId(1), 2, 3), read.Dot);
        Assert.Equal(writer.ToArray(), read.Encoded);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_and_nothing_is_written()
    {
        await using var a = await Site.OpenAsync(1);
        await Assert.ThrowsAsync<StateLimitException>(() => a.SetAsync("x", "name", new string('a', 2 << 20)));
        await Assert.ThrowsAsync<StateLimitException>(() => a.SetAsync(new string('i', 600), "name", "v"));
        await Assert.ThrowsAsync<StateLimitException>(() => a.DoAsync(transaction =>
        {
            for (var i = 0; i < 5; i++) transaction.Set(Site.Key($"x{i}"), "name", FieldValue.FromString(new string('a', 1_000_000)));
        }));
        await Assert.ThrowsAsync<ArgumentException>(() => a.SetAsync("x", Entity.LifecycleField, "true"));
        Assert.Empty(a.Replica.Vector);
        await a.SetAsync("x", "name", "goes on");
    }

    [Fact]
    public async Task A_one_field_write_is_short()
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("0f8fad5b-d9cb-469f-a165-70867728950e", "name", "a name");
        await a.SetAsync("0f8fad5b-d9cb-469f-a165-70867728950e", "name", "another");
        Assert.InRange(a.LogFrom(VersionVector.Empty)[1].Encoded.Length, 1, 110);
    }

    private static string Text(Change change) => string.Join(
        '|', change.Kind, change.Key, change.Field, change.Value, change.Rank, change.KnowsDelete, string.Join(",", change.Replaces),
        string.Join(",", change.Outranks), string.Join(",", change.Seen),
        string.Join(",", change.Settles.Select(value => $"{value.Dot} {value.Stamp} {value.Author} {value.Rank} {value.Value}")));

    private static Mutation Draw(Chance chance)
    {
        var changes = new List<Change>();
        for (var i = chance.Below(4); i >= 0; i--)
        {
            var key = new EntityKey(chance.Pick(["v", "volume"]), chance.Pick(["x", "ünïcode"]));
            changes.Add(chance.Below(4) switch
            {
                0 => new Change { Kind = ChangeKind.Purge, Key = key, Seen = Dots(chance) },
                1 => new Change
                {
                    Kind = ChangeKind.Delete,
                    Key = key,
                    Field = Entity.LifecycleField,
                    Value = Entity.Gone,
                    Seen = Dots(chance),
                    Replaces = Dots(chance),
                },
                _ => Set(chance, key),
            });
        }

        return MutationCodec.Create(
            new Dot(new SiteId(1), 5, 1 + chance.Below(1000)), new Hlc((ulong)chance.Source.NextInt64()), chance.Pick(["ann", "reconciler"]), chance.OneIn(2), changes);
    }

    private static Change Set(Chance chance, EntityKey key)
    {
        var replaces = Dots(chance);
        return new Change
        {
            Kind = ChangeKind.Set,
            Key = key,
            Field = chance.Pick(["name", "größe"]),
            Value = chance.Pick([FieldValue.Null, FieldValue.From(chance.Below(100)), FieldValue.FromString("text"), FieldValue.FromJson("""{"a":[1,2]}""")]),
            Rank = chance.Below(3),
            KnowsDelete = chance.OneIn(2),
            Replaces = replaces,
            Outranks = Dots(chance),
            Settles = [.. replaces.Select(dot => new StandingValue(new Origin(dot, new Hlc(7), "bob"), FieldValue.From(1), 1, Marks.None))],
        };
    }

    private static Dot[] Dots(Chance chance) =>
        [.. Enumerable.Range(0, chance.Below(3)).Select(i => new Dot(new SiteId((ulong)chance.Below(3)), (ulong)chance.Below(2) + 4, chance.Below(300)))];
}
