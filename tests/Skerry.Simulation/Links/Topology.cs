using Skerry.TestKit.Seeds;

namespace Skerry.Simulation.Links;

internal enum TopologyShape
{
    Chain,
    Star,
    Tree,
    Ring,
    Mesh,
    Random,
}

/// <summary>Which sites have a link.</summary>
internal static class Topology
{
    // Beyond these a mesh is mostly heartbeats.
    private const int MostMeshSites = 7;

    public static TopologyShape Draw(int sites, Chance chance)
    {
        var shape = chance.Pick(Enum.GetValues<TopologyShape>());
        return shape switch
        {
            TopologyShape.Mesh when sites > MostMeshSites => TopologyShape.Random,
            TopologyShape.Chain when sites > 2 * MostMeshSites => TopologyShape.Tree,
            TopologyShape.Ring when sites > 2 * MostMeshSites => TopologyShape.Star,
            _ => shape,
        };
    }

    public static IEnumerable<(int A, int B)> Links(TopologyShape shape, int sites, Chance chance)
    {
        for (var site = 1; site < sites; site++)
        {
            switch (shape)
            {
                case TopologyShape.Chain or TopologyShape.Ring:
                    yield return (site - 1, site);
                    break;
                case TopologyShape.Star:
                    yield return (0, site);
                    break;
                case TopologyShape.Tree:
                    yield return ((site - 1) / 3, site);
                    break;
                case TopologyShape.Mesh:
                    for (var other = 0; other < site; other++)
                    {
                        yield return (other, site);
                    }

                    break;
                case TopologyShape.Random:
                    var first = chance.Below(site);
                    yield return (first, site);
                    if (site > 1 && chance.OneIn(2))
                    {
                        yield return ((first + 1 + chance.Below(site - 1)) % site, site);
                    }

                    break;
            }
        }

        if (shape == TopologyShape.Ring && sites > 2)
        {
            yield return (0, sites - 1);
        }
    }
}
