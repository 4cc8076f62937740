using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.TestKit.Seeds;

namespace Skerry.State.Tests.Merging;

/// <summary>A tree is a sorted dictionary of which every version stays as it was.</summary>
public sealed class EntityTreeTests
{
    [Fact]
    public Task It_holds_what_a_sorted_dictionary_holds_and_older_versions_stay_as_they_were() => Chance.ForEachSeedAsync(60, chance =>
    {
        var expected = new SortedDictionary<string, Entity>(StringComparer.Ordinal);
        var tree = EntityTree.Empty;
        var versions = new List<(EntityTree Tree, Entity[] Entities)>();
        var span = 1 + chance.Below(6000);
        for (var round = 0; round < 12; round++)
        {
            var editor = new EntityTree.Editor(tree);
            var ascending = chance.OneIn(3);
            var removals = chance.Below(10);
            var next = 0;
            for (var i = chance.Below(1500); i > 0; i--)
            {
                var id = $"{(ascending ? next++ % span : chance.Below(span)):d5}";
                if (chance.Below(10) < removals)
                {
                    editor.Remove(id);
                    expected.Remove(id);
                }
                else
                {
                    var entity = Make(id, i);
                    editor.Put(entity);
                    expected[id] = entity;
                }
            }

            tree = editor.ToTree();
            versions.Add((tree, [.. expected.Values]));
            // An editor that goes on has let go of what it gave out.
            editor.Put(Make("zzz", 0));
            if (chance.OneIn(2)) editor.Remove($"{chance.Below(span):d5}");
        }

        foreach (var (version, entities) in versions)
        {
            Assert.Equal(entities.Length == 0, version.IsEmpty);
            Assert.Equal(entities, version.From(null));
            Assert.All(entities, entity => Assert.Same(entity, version.Find(entity.Id)));
            for (var i = 0; i < 20; i++)
            {
                var from = $"{chance.Below(span + 1):d5}";
                Assert.Equal(entities.Where(entity => string.CompareOrdinal(entity.Id, from) >= 0), version.From(from));
                if (!entities.Any(entity => entity.Id == from)) Assert.Null(version.Find(from));
            }
        }

        return Task.CompletedTask;
    });

    private static Entity Make(string id, int number) => new(
        Site.Key(id), [new Register("name", new StandingValue(new Origin(new Dot(new SiteId(1), 2, number + 1), new Hlc(1), "test"), FieldValue.From(number), 0, Marks.None))]);
}
