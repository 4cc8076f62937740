using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.State.Trust;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Trust;

/// <summary>Origins sign what they make: who passes it on can keep it back, and nothing else.</summary>
public sealed class SealTests
{
    private static readonly Writer Maker = new(new SiteId(7), 70);

    private readonly ManualTime _time = new();
    private readonly Signer _maker = new();
    private readonly Signer _relay = new();

    [Fact]
    public async Task What_the_maker_sealed_is_taken_in_runs_of_any_length()
    {
        foreach (var length in new[] { 1, 2, 7, 300, 3000 })
        {
            await using var site = await ReceiverAsync();
            var run = Sealed(1, length);

            Assert.Equal(length, (await site.ApplyAsync(Decoded(run), TestContext.Current.CancellationToken)).Applied);
            Assert.Equal(Math.Ceiling(length / 1024.0), run.Count(m => m.IsSealed));
            Assert.True(run[^1].IsSealed);
        }
    }

    [Fact]
    public async Task A_relay_that_changes_leaves_out_adds_or_renumbers_is_found_and_nothing_of_it_is_taken()
    {
        var run = Sealed(1, 5);
        var other = Sealed(1, 5, text: "other");
        var forgeries = new Dictionary<string, Mutation[]>
        {
            ["changes one"] = [run[0], other[1], .. run[2..]],
            ["changes the last and keeps its seal"] = [.. run[..4], Resealed(other[4], run[4].Seal)],
            ["takes the seal off"] = [.. run[..4], Unsealed(5)],
            ["leaves the end out"] = run[..4],
            ["makes one up without a seal"] = [Unsealed(1, isInRun: false)],
            ["seals with its own key"] = Sealed(1, 3, signer: _relay),
            ["adds one to the end"] = [.. run, Unsealed(6)],
            ["adds one that it seals"] = [.. run, .. Sealed(6, 1, signer: _relay)],
            ["passes a seal off for another run"] = [Resealed(Unsealed(1), run[4].Seal)],
            ["writes as a site that is none"] = [MutationCodec.Create(new Dot(new SiteId(9), 1, 1), new Hlc(1), "x", true, [Set("x")])],
        };
        foreach (var (name, forgery) in forgeries)
        {
            await using var site = await ReceiverAsync();
            var forged = await Assert.ThrowsAsync<ForgedRunException>(
                () => site.ApplyAsync(Decoded(forgery), TestContext.Current.CancellationToken).AsTask());
            Assert.True(site.Vector.Count == 0, $"something was taken of a relay that {name}");
            Assert.NotEmpty(forged.Message);

            // What the maker really made is taken afterwards.
            await site.ApplyAsync(Decoded(run), TestContext.Current.CancellationToken);
            Assert.Equal(5, site.Vector[Maker]);
        }
    }

    [Fact]
    public async Task Any_altered_byte_is_found()
    {
        var run = Sealed(1, 3);
        var random = new Random(1);
        await using var site = await ReceiverAsync();
        for (var i = 0; i < 2000; i++)
        {
            var altered = random.Next(3);
            var bytes = run[altered].Encoded.ToArray();
            bytes[random.Next(bytes.Length - 4)] ^= (byte)(1 << random.Next(8));
            var crc = new ByteWriter();
            crc.WriteRaw(bytes.AsSpan(0, bytes.Length - 4));
            crc.WriteChecksum();
            Mutation forged;
            try
            {
                forged = MutationCodec.Decode(crc.ToArray());
            }
            catch (StateFormatException)
            {
                continue;
            }

            Mutation[] forgery = [.. run[..altered], forged, .. run[(altered + 1)..]];
            var refused = await Record.ExceptionAsync(() => site.ApplyAsync(forgery, TestContext.Current.CancellationToken).AsTask());
            Assert.True(refused is ForgedRunException or CausalityException, $"mutation {altered} was altered, and taken");
            Assert.Equal(0, site.Vector.Count);
        }
    }

    [Fact]
    public async Task What_was_made_before_the_maker_sealed_may_come_without_and_nothing_later_may()
    {
        var old = new Writer(Maker.Site, 69);
        var before = VersionVector.Empty.With(new Dot(Maker.Site, 69, 2));
        await using var site = await ReceiverAsync(before);
        var made = Enumerable.Range(1, 3)
            .Select(i => MutationCodec.Create(new Dot(old.Site, old.Incarnation, i), new Hlc((ulong)i), "ada", true, [Set("old")])).ToArray();

        await site.ApplyAsync(Decoded(made[..2]), TestContext.Current.CancellationToken);
        Assert.Equal(2, site.Vector[old]);
        await Assert.ThrowsAsync<ForgedRunException>(() => site.ApplyAsync(Decoded(made[2..]), TestContext.Current.CancellationToken).AsTask());
        await site.ApplyAsync(Decoded(Sealed(1, 2)), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_log_is_read_in_whole_runs_and_a_relay_passes_on_what_it_took()
    {
        await using var relay = await ReceiverAsync();
        await relay.ApplyAsync(Decoded(Sealed(1, 40)), TestContext.Current.CancellationToken);
        await relay.ApplyAsync(Decoded(Sealed(41, 3)), TestContext.Current.CancellationToken);
        await using var site = await ReceiverAsync();
        LogCursor? cursor = null;
        var sizes = new List<int>();
        for (var more = true; more;)
        {
            var read = relay.ReadLog(site.Vector, cursor, maxMutations: 5, maxBytes: 100);
            (cursor, more) = (read.Next, read.HasMore);
            sizes.Add(read.Mutations.Count);
            await site.ApplyAsync(Decoded([.. read.Mutations]), TestContext.Current.CancellationToken);
        }

        Assert.Equal([40, 3], sizes);
        Assert.Equal(relay.Digest(), site.Digest());
    }

    [Fact]
    public async Task A_site_seals_each_group_that_it_makes_durable_and_its_store_keeps_the_seals()
    {
        var store = new MemoryStore();
        await using var site = await Replica.OpenAsync(
            new ReplicaOptions { Site = Maker.Site, Sealer = _maker }, store, _time, new Random(1), TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
        {
            await site.CommitAsync(t => t.Set(new EntityKey("note", $"{i}"), "text", FieldValue.FromString("x")), new CommitOptions("ada"), TestContext.Current.CancellationToken);
        }

        await using var other = await ReceiverAsync();
        await other.ApplyAsync(Decoded([.. site.ReadLog(VersionVector.Empty, null, 100, 1 << 20).Mutations]), TestContext.Current.CancellationToken);
        Assert.Equal(site.Digest(), other.Digest());

        // The seals are in the entries.
        var kept = 0;
        await foreach (var entry in store.ReadAsync(0, TestContext.Current.CancellationToken))
        {
            kept += EntryCodec.Decode(entry.Payload).Mutations.Count(m => m.IsSealed);
        }

        Assert.Equal(20, kept);
    }

    [Fact]
    public async Task A_sealed_run_of_yesterday_is_still_believed()
    {
        var lines = await File.ReadAllLinesAsync(
            Path.Combine(AppContext.BaseDirectory, "Fixtures", "v1", "sealed.txt"), TestContext.Current.CancellationToken);
        var run = lines[1..].Select(line => MutationCodec.Decode(Convert.FromHexString(line))).ToArray();
        await using var site = await Replica.OpenAsync(
            new ReplicaOptions { Site = new SiteId(1), SealRules = new Rules(lines[0], VersionVector.Empty) },
            new MemoryStore(), _time, new Random(1), TestContext.Current.CancellationToken);

        await site.ApplyAsync(run, TestContext.Current.CancellationToken);

        Assert.Equal("x 3", site.Find(new EntityKey("note", "1"))!.Standing("text")[0].Value.AsString());
        Assert.Equal([false, false, true], run.Select(m => m.IsSealed));
    }

    private static Change Set(string text) => new()
    {
        Kind = ChangeKind.Set,
        Key = new EntityKey("note", "1"),
        Field = "text",
        Value = FieldValue.FromString(text),
    };

    private static Mutation Unsealed(int number, bool isInRun = true) => MutationCodec.Create(
        new Dot(Maker.Site, Maker.Incarnation, number), new Hlc((ulong)number), "ada", true, [Set($"forged {number}")], isInRun: isInRun);

    private static Mutation Resealed(Mutation mutation, ReadOnlyMemory<byte> seal)
    {
        var bare = mutation.IsSealed
            ? MutationCodec.Create(mutation.Dot, mutation.Stamp, mutation.Author, mutation.IsUrgent, mutation.Changes, isInRun: true)
            : mutation;
        return MutationCodec.WithSeal(bare, seal.Span);
    }

    /// <summary>As they come over the wire.</summary>
    private static Mutation[] Decoded(Mutation[] mutations) => [.. mutations.Select(m => MutationCodec.Decode(m.Encoded.ToArray()))];

    private Mutation[] Sealed(int first, int count, string text = "x", Signer? signer = null)
    {
        var group = Enumerable.Range(first, count).Select(i => MutationCodec.Create(
            new Dot(Maker.Site, Maker.Incarnation, i), new Hlc((ulong)i), "ada", true, [Set($"{text} {i}")], isInRun: true)).ToArray();
        Sealing.Seal(group, Maker, signer ?? _maker);
        return group;
    }

    private async Task<Replica> ReceiverAsync(VersionVector? unsealedUpTo = null) => await Replica.OpenAsync(
        new ReplicaOptions { Site = new SiteId(1), SealRules = new Rules(_maker.PublicKey, unsealedUpTo ?? VersionVector.Empty) },
        new MemoryStore(), _time, new Random(1), CancellationToken.None);

    private sealed class Rules(string publicKey, VersionVector unsealedUpTo) : ISealRules
    {
        public SealRule? RuleOf(SiteId maker, Func<EntityKey, Entity?> find) => maker == Maker.Site ? new SealRule(publicKey, unsealedUpTo) : null;
    }

    private sealed class Signer : ISealer
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public string PublicKey => Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo());

        public void Sign(ReadOnlySpan<byte> digest, Span<byte> signature) =>
            Assert.True(_key.TrySignHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _));
    }
}
