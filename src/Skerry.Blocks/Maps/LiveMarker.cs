namespace Skerry.Blocks.Maps;

/// <summary>Walks frozen maps and marks the places that they use. A node that several share is looked at once.</summary>
/// <param name="live">Takes the places.</param>
/// <param name="walk">A number that no walk over the same maps had before; not 0.</param>
internal sealed class LiveMarker(LivePlaces live, int walk)
{
    public void Mark(FrozenMap map) => Mark(map.Root);

    private void Mark(InnerNode node)
    {
        if (node.Stamp == walk)
        {
            return;
        }

        node.Stamp = walk;
        for (var i = 0; i < MapNode.Fanout; i++)
        {
            switch (node[i])
            {
                case null:
                    break;
                case PackedLeaf leaf:
                    if (leaf.Stamp != walk)
                    {
                        leaf.Stamp = walk;
                        Mark(leaf);
                    }

                    break;
                case ExtentNode extent:
                    Mark(extent.Place, MapNode.Fanout);
                    break;
                case PairNode pair:
                    Mark(pair.First.Place, pair.Split);
                    Mark(pair.Second.Place, MapNode.Fanout - pair.Split);
                    break;
                case InnerNode inner:
                    Mark(inner);
                    break;
            }
        }
    }

    private void Mark(PackedLeaf leaf)
    {
        var (scale, starts) = (leaf.Scale, leaf.Starts);
        var words = leaf.Words;
        var block = 0;
        for (var i = 0; block < MapNode.Fanout; i++)
        {
            var end = starts.EndOf(block);
            Mark(scale.Words == 1 ? scale.PlaceOf(words[i]) : new Place(words[2 * i]), end - block);
            block = end;
        }
    }

    private void Mark(Place place, int count)
    {
        if (place.IsData)
        {
            live.Add(place, count);
        }
        else if (place == Place.Lost)
        {
            live.IsComplete = false;
        }
    }
}
