using System.Globalization;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.Benchmarks.State;

/// <summary>A million volumes of ten fields as another site made them: a file of mutations, and one of the chunks of a snapshot.</summary>
internal static class StateLoad
{
    public const int Entities = 1_000_000;

    /// <summary>Fields that a mutation writes, the lifecycle field included.</summary>
    public const int WritesEach = 11;

    private const ulong Site = 0x0123_4567_89ab_cdef;
    private const string Kind = "volume";
    private static readonly Writer Maker = new(new SiteId(Site), 0xfedc_ba98_7654_3210);

    public static string Mutations(string folder) => Path.Combine(folder, "mutations");

    public static string Updates(string folder) => Path.Combine(folder, "updates");

    public static string Chunks(string folder) => Path.Combine(folder, "chunks");

    /// <summary>Writes the files: creations in random order of ids, one update of a field of a fifth of them, and a snapshot after the creations.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(4);
        var ids = new string[Entities];
        for (var i = 0; i < Entities; i++) ids[i] = RandomId(random);
        var state = ReplicaState.Empty;
        using (var file = new FrameFile.Writer(Mutations(folder)))
        {
            foreach (var batch in Enumerable.Range(0, Entities).Chunk(10_000))
            {
                Mutation[] mutations = [.. batch.Select(i => Creation(i, ids[i], random))];
                foreach (var mutation in mutations) file.Write(mutation.Encoded.Span);
                state = state.Apply(mutations, StateSchema.Default);
            }
        }

        using (var file = new FrameFile.Writer(Updates(folder)))
        {
            for (var i = 0; i < Entities / 5; i++) file.Write(Update(Entities + i, ids[i], i).Encoded.Span);
        }

        using var chunks = new FrameFile.Writer(Chunks(folder));
        foreach (var chunk in new StateSnapshot(state).Encode()) chunks.Write(chunk.Span);
    }

    private static Mutation Creation(int index, string id, Random random)
    {
        var key = new EntityKey(Kind, id);
        return Make(index,
        [
            Set(Entity.LifecycleField, FieldValue.From(true)),
            Set("name", FieldValue.FromString($"volume-{index:d7}")),
            Set("description", FieldValue.FromString("data of a small office")),
            Set("size", FieldValue.From(1 + random.Next(1000))),
            Set("status", FieldValue.FromString("available")),
            Set("project_id", FieldValue.FromString(RandomId(random))),
            Set("user_id", FieldValue.FromString(RandomId(random))),
            Set("volume_type", FieldValue.FromString("ssd")),
            Set("site", FieldValue.FromString("edge-1")),
            Set("bootable", FieldValue.From(false)),
            Set("created_at", FieldValue.FromString($"2026-01-02T03:04:05.{index % 1_000_000:d6}Z")),
        ]);

        Change Set(string field, FieldValue value) => new() { Kind = ChangeKind.Set, Key = key, Field = field, Value = value };
    }

    /// <summary>Writes one field over the value that the creation gave it.</summary>
    private static Mutation Update(int index, string id, int created) => Make(index,
    [
        new Change
        {
            Kind = ChangeKind.Set,
            Key = new EntityKey(Kind, id),
            Field = "status",
            Value = FieldValue.FromString("in-use"),
            Replaces = [new Dot(Maker.Site, Maker.Incarnation, created + 1)],
        },
    ]);

    private static Mutation Make(int index, IReadOnlyList<Change> changes) => MutationCodec.Create(
        new Dot(Maker.Site, Maker.Incarnation, index + 1), new Hlc(((1_767_225_600_000UL + (ulong)index) << 16) + 1), "reconciler", false, changes);

    private static string RandomId(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString("d", CultureInfo.InvariantCulture);
    }
}
