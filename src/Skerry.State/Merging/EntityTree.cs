using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>
/// Entities of one kind in ordinal order of ids: a B+ tree of which versions share all nodes but those on the paths to what differs.
/// Immutable, so a reader takes no lock and a snapshot is a reference; an <see cref="Editor"/> makes the next version.
/// </summary>
internal sealed class EntityTree
{
    private readonly TreeNode? _root;

    private EntityTree(TreeNode? root) => _root = root;

    public static EntityTree Empty { get; } = new(null);

    public bool IsEmpty => _root is null;

    public Entity? Find(string id) => Find(_root, id);

    private static Entity? Find(TreeNode? node, string id)
    {
        while (node is TreeBranch branch) node = branch.Children[branch.IndexOf(id)];
        return (node as TreeLeaf)?.Find(id);
    }

    /// <summary>In order of ids, from one on.</summary>
    public IEnumerable<Entity> From(string? id)
    {
        foreach (var leaf in Leaves(_root, id))
        {
            for (var i = id is null ? 0 : leaf.LowerBound(id); i < leaf.Length; i++) yield return leaf.Items[i];
        }
    }

    /// <summary>Of the entities from one id on, up to but without another.</summary>
    public RangeDigest Sum(string? from, string? to, ByteWriter scratch) =>
        _root is null ? RangeDigest.Empty
        : from is null && to is null ? _root.Digest(scratch)
        : _root.Sum(from, to, scratch);

    /// <summary>The entity that so many are before.</summary>
    public Entity At(long rank, ByteWriter scratch)
    {
        var node = _root;
        while (node is TreeBranch branch)
        {
            var i = 0;
            for (var count = branch.Children[i].Digest(scratch).Count; rank >= count; count = branch.Children[++i].Digest(scratch).Count) rank -= count;
            node = branch.Children[i];
        }

        return ((TreeLeaf)node!).Items[rank];
    }

    /// <summary>Hashes the nodes that have not been hashed, a leaf at a step; yields the entities of each.</summary>
    public IEnumerable<int> Hash(ByteWriter scratch) => Hash(_root, scratch);

    private static IEnumerable<int> Hash(TreeNode? node, ByteWriter scratch)
    {
        if (node is null || node.IsHashed) yield break;
        if (node is TreeBranch branch)
        {
            for (var i = 0; i < branch.Length; i++)
            {
                foreach (var entities in Hash(branch.Children[i], scratch)) yield return entities;
            }
        }

        node.Digest(scratch);
        if (node is TreeLeaf) yield return node.Length;
    }

    private static IEnumerable<TreeLeaf> Leaves(TreeNode? node, string? from)
    {
        switch (node)
        {
            case TreeLeaf leaf:
                yield return leaf;
                break;
            case TreeBranch branch:
                var first = from is null ? 0 : branch.IndexOf(from);
                for (var i = first; i < branch.Length; i++)
                {
                    foreach (var leaf in Leaves(branch.Children[i], i == first ? from : null)) yield return leaf;
                }

                break;
        }
    }

    /// <summary>
    /// Makes a next version. A node that the editor made itself is changed in place; one of an earlier version is copied first, so no
    /// reader ever sees a node change.
    /// </summary>
    internal sealed class Editor(EntityTree before)
    {
        private TreeNode? _root = before._root;
        private object _owner = new();

        public EntityTree ToTree()
        {
            // From now on the nodes belong to the version as well.
            _owner = new object();
            return new EntityTree(_root);
        }

        public Entity? Find(string id) => EntityTree.Find(_root, id);

        public void Put(Entity entity)
        {
            _root ??= new TreeLeaf(_owner);
            _root = _root.Owned(_owner);
            if (_root.Put(entity, _owner) is not { } right) return;
            var top = new TreeBranch(_owner);
            top.Insert(0, _root.FirstId, _root);
            top.Insert(1, right.FirstId, right);
            _root = top;
        }

        public void Remove(string id)
        {
            if (Find(id) is null) return;
            _root = _root!.Owned(_owner);
            _root.Remove(id, _owner);
            while (_root is TreeBranch { Length: 1 } branch) _root = branch.Children[0];
            if (_root.Length == 0) _root = null;
        }
    }
}
