using System.Globalization;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

/// <summary>
/// A member that sends what it likes: replayed, reordered, cut, spliced and altered frames, with checksums that fit. The site must refuse
/// or read each, hold nothing that was not made, and keep its memory.
/// </summary>
[Collection(MemoryMeasures.Name)]
public sealed class HostilePeerTests : IDisposable
{
    private const long MostGrowthBytes = 64 << 20;

    private readonly ManualTime _time = new();
    private readonly SharedKey _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public Task Thousands_of_hostile_frames_leave_a_site_as_it_was() => SendAsync(20_000);

    [Fact(Explicit = true)]
    public Task As_many_hostile_frames_as_asked_for_leave_a_site_as_it_was() => SendAsync(Number("SKERRY_MESSAGES") ?? 1_000_000);

    private async Task SendAsync(int frames)
    {
        var seed = Number("SKERRY_SEED") ?? Random.Shared.Next();
        var random = new Random(seed);
        var hostile = await MemberAsync(1);
        var victim = await MemberAsync(2);
        for (var i = 0; i < 40; i++)
        {
            await hostile.WriteAsync($"{i % 15}", new string('x', i));
        }

        var pool = await OverheardAsync(hostile);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var refused = 0;
        LinkSession? session = null;
        for (var i = 0; i < frames; i++)
        {
            if (session is null)
            {
                session = new LinkSession(victim.Local, hostile.Replica.Site);
                if (random.Next(10) > 0)
                {
                    await session.ReceiveAsync(pool[0], CancellationToken.None);
                }
            }

            var bytes = Hostile(pool, random);
            try
            {
                await session.ReceiveAsync(bytes, CancellationToken.None);
                for (var n = 0; n < 3 && session.Next() is { Frame: { } answer }; n++)
                {
                    session.Encode(answer);
                }

                if (random.Next(50) > 0)
                {
                    continue;
                }
            }
            catch (ProtocolException)
            {
                refused++;
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"SKERRY_SEED={seed}: frame {i}, {Convert.ToHexStringLower(bytes.Span)}, was not refused but made {fault.GetType().Name}: {fault.Message}", fault);
            }

            session.Dispose();
            session = null;
        }

        session?.Dispose();
        Assert.InRange(refused, frames / 100, frames);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostGrowthBytes);

        // Nothing is there that was not made, and what was made still comes.
        Assert.True(hostile.Replica.Vector.CoversAll(victim.Replica.Vector), $"SKERRY_SEED={seed}");
        using var honest = new SessionPair(hostile, victim);
        await honest.RunAsync();
        Assert.Equal(hostile.Replica.Digest(), victim.Replica.Digest());
    }

    private Task<SessionSite> MemberAsync(ulong id) => SessionSite.StartAsync(id, _time, sealer: _keys, rules: _keys);

    /// <summary>What the hostile site says to honest ones, its hello first: over a log, over a snapshot, and after both have the same.</summary>
    private async Task<IReadOnlyList<ReadOnlyMemory<byte>>> OverheardAsync(SessionSite hostile)
    {
        var frames = new List<ReadOnlyMemory<byte>>();
        foreach (var isBehind in new[] { false, true })
        {
            var listener = await MemberAsync(isBehind ? 4UL : 3UL);
            var speaker = hostile;
            if (isBehind)
            {
                speaker = await SessionSite.StartAsync(5, _time, logBytes: 200, sealer: _keys, rules: _keys);
                await speaker.Replica.JoinAsync(hostile.Replica.TakeSnapshot(), CancellationToken.None);
            }

            for (var round = 0; round < 2; round++)
            {
                using var pair = new SessionPair(speaker, listener);
                await pair.RunAsync();
                frames.AddRange(pair.Frames.Where(f => f.From == 'a' && (speaker == hostile || f.Frame is not Hello)).Select(f => pair.A.Encode(f.Frame)));
            }
        }

        Assert.Contains(frames, frame => FrameCodec.Decode(frame) is SnapshotPiece);
        Assert.Contains(frames, frame => FrameCodec.Decode(frame) is Batch);
        return frames;
    }

    private static ReadOnlyMemory<byte> Hostile(IReadOnlyList<ReadOnlyMemory<byte>> pool, Random random)
    {
        var frame = pool[random.Next(pool.Count)].ToArray();
        switch (random.Next(8))
        {
            case 0:
                return frame;
            case 1:
                return frame.AsMemory(0, random.Next(frame.Length));
            case 2:
                var noise = new byte[random.Next(200)];
                random.NextBytes(noise);
                return noise;
            case 3:
                var other = pool[random.Next(pool.Count)];
                return (byte[])[.. frame.AsSpan(0, random.Next(frame.Length)), .. other.Span[random.Next(other.Length)..]];
            case 4:
                // A number of the largest size, where there was a small one.
                var at = random.Next(frame.Length);
                return (byte[])[.. frame.AsSpan(0, at), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, .. frame.AsSpan(at)];
            case 5 when FrameCodec.Decode(frame) is Batch { Mutations.Count: > 0 } batch:
                return Forged(batch, random);
            default:
                for (var n = random.Next(1, 4); n > 0; n--)
                {
                    frame[random.Next(frame.Length)] = (byte)random.Next(256);
                }

                return frame;
        }
    }

    /// <summary>The batch with a mutation that was altered, left out or sent twice, and checksums that fit.</summary>
    private static ReadOnlyMemory<byte> Forged(Batch batch, Random random)
    {
        var mutations = batch.Mutations.Select(mutation => mutation.Encoded.ToArray()).ToList();
        var chosen = random.Next(mutations.Count);
        switch (random.Next(3))
        {
            case 0:
                mutations.RemoveAt(chosen);
                break;
            case 1:
                mutations.Insert(chosen, mutations[chosen]);
                break;
            default:
                mutations[chosen][random.Next(mutations[chosen].Length - 4)] ^= (byte)(1 << random.Next(8));
                Checksum.Fit(mutations[chosen]);
                break;
        }

        var writer = new WireWriter(1024);
        writer.Byte(FrameCodec.BatchType);
        writer.Varint(batch.Number);
        writer.Varint(mutations.Count);
        foreach (var mutation in mutations)
        {
            writer.Bytes(mutation);
        }

        return writer.Written;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
