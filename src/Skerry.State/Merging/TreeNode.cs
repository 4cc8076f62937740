using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>A node of an <see cref="EntityTree"/>. Only its owner may change it; to anyone else it never changes.</summary>
internal abstract class TreeNode(object owner)
{
    /// <summary>So many items or children at most; a node with less than a quarter is joined with its neighbour.</summary>
    public const int Most = 32;

    protected const int Few = Most / 4;

    private object? _digest;

    public int Length { get; protected set; }

    public abstract string FirstId { get; }

    /// <summary>It is known what <see cref="Digest"/> gives.</summary>
    public bool IsHashed => Volatile.Read(ref _digest) is not null;

    protected object Owner { get; } = owner;

    /// <summary>This node, or a copy of it that the owner may change.</summary>
    public TreeNode Owned(object owner) => ReferenceEquals(Owner, owner) ? this : Copy(owner);

    /// <summary>Of all entities below. To be asked for when nobody owns the node any more: it is remembered.</summary>
    public RangeDigest Digest(ByteWriter scratch)
    {
        if (Volatile.Read(ref _digest) is RangeDigest known) return known;
        var digest = Sum(null, null, scratch);
        Volatile.Write(ref _digest, digest);
        return digest;
    }

    /// <summary>Of the entities from one id on, up to but without another.</summary>
    public abstract RangeDigest Sum(string? from, string? to, ByteWriter scratch);

    /// <summary>Adds or replaces an entity; gives the right half when the node had to be split.</summary>
    public abstract TreeNode? Put(Entity entity, object owner);

    /// <summary>Takes an entity away that is there.</summary>
    public abstract void Remove(string id, object owner);

    /// <summary>Takes over all of the right neighbour, if both fit.</summary>
    /// <param name="right">The neighbour.</param>
    /// <param name="first">An id that nothing in it is below.</param>
    public abstract bool TryAbsorb(TreeNode right, string first);

    protected abstract TreeNode Copy(object owner);

    /// <summary>Makes room in a full node. What is filled in order stays full, else both halves have room.</summary>
    protected static int SplitAt(int insertAt) => insertAt == Most ? Most : Most / 2;
}

/// <summary>Up to <see cref="TreeNode.Most"/> entities in order of ids.</summary>
internal sealed class TreeLeaf(object owner) : TreeNode(owner)
{
    public Entity[] Items { get; } = new Entity[Most];

    public override string FirstId => Items[0].Id;

    public Entity? Find(string id)
    {
        var at = LowerBound(id);
        return at < Length && Items[at].Id == id ? Items[at] : null;
    }

    /// <summary>Index of the first entity whose id is not below the given one.</summary>
    public int LowerBound(string id)
    {
        var (low, high) = (0, Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(Items[middle].Id, id) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    public override RangeDigest Sum(string? from, string? to, ByteWriter scratch)
    {
        var sum = RangeDigest.Empty;
        var end = to is null ? Length : LowerBound(to);
        for (var i = from is null ? 0 : LowerBound(from); i < end; i++) sum = sum.Plus(StateDigests.Of(Items[i], scratch));
        return sum;
    }

    public override TreeNode? Put(Entity entity, object owner)
    {
        var at = LowerBound(entity.Id);
        if (at < Length && Items[at].Id == entity.Id)
        {
            Items[at] = entity;
            return null;
        }

        if (Length < Most)
        {
            Insert(at, entity);
            return null;
        }

        var split = SplitAt(at);
        var right = new TreeLeaf(owner);
        Array.Copy(Items, split, right.Items, 0, Length - split);
        Array.Clear(Items, split, Length - split);
        (right.Length, Length) = (Length - split, split);
        if (at < split) Insert(at, entity);
        else right.Insert(at - split, entity);
        return right;
    }

    public override void Remove(string id, object owner)
    {
        var at = LowerBound(id);
        Array.Copy(Items, at + 1, Items, at, --Length - at);
        Items[Length] = null!;
    }

    public override bool TryAbsorb(TreeNode right, string first)
    {
        if (Length + right.Length > Most) return false;
        Array.Copy(((TreeLeaf)right).Items, 0, Items, Length, right.Length);
        Length += right.Length;
        return true;
    }

    protected override TreeNode Copy(object owner)
    {
        var copy = new TreeLeaf(owner) { Length = Length };
        Array.Copy(Items, copy.Items, Length);
        return copy;
    }

    private void Insert(int at, Entity entity)
    {
        Array.Copy(Items, at, Items, at + 1, Length++ - at);
        Items[at] = entity;
    }
}

/// <summary>Up to <see cref="TreeNode.Most"/> nodes below, each with an id that none of its entities is below. At the left edge of the tree that id is not heeded.</summary>
internal sealed class TreeBranch(object owner) : TreeNode(owner)
{
    private readonly string[] _firsts = new string[Most];

    public TreeNode[] Children { get; } = new TreeNode[Most];

    public override string FirstId => _firsts[0];

    /// <summary>The child that the id belongs to.</summary>
    public int IndexOf(string id)
    {
        var (low, high) = (1, Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(_firsts[middle], id) <= 0) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }

    public void Insert(int at, string first, TreeNode child)
    {
        Array.Copy(Children, at, Children, at + 1, Length - at);
        Array.Copy(_firsts, at, _firsts, at + 1, Length - at);
        (Children[at], _firsts[at]) = (child, first);
        Length++;
    }

    public override RangeDigest Sum(string? from, string? to, ByteWriter scratch)
    {
        var sum = RangeDigest.Empty;
        var first = from is null ? 0 : IndexOf(from);
        var last = to is null ? Length - 1 : IndexOf(to);
        for (var i = first; i <= last; i++)
        {
            var (lower, upper) = (i == first ? from : null, i == last ? to : null);
            sum = sum.Plus(lower is null && upper is null ? Children[i].Digest(scratch) : Children[i].Sum(lower, upper, scratch));
        }

        return sum;
    }

    public override TreeNode? Put(Entity entity, object owner)
    {
        var at = IndexOf(entity.Id);
        var child = Children[at] = Children[at].Owned(owner);
        if (child.Put(entity, owner) is not { } below) return null;
        if (Length < Most)
        {
            Insert(at + 1, below.FirstId, below);
            return null;
        }

        var split = SplitAt(at + 1);
        var right = new TreeBranch(owner);
        Array.Copy(Children, split, right.Children, 0, Length - split);
        Array.Copy(_firsts, split, right._firsts, 0, Length - split);
        Array.Clear(Children, split, Length - split);
        Array.Clear(_firsts, split, Length - split);
        (right.Length, Length) = (Length - split, split);
        if (at + 1 < split) Insert(at + 1, below.FirstId, below);
        else right.Insert(at + 1 - split, below.FirstId, below);
        return right;
    }

    public override void Remove(string id, object owner)
    {
        var at = IndexOf(id);
        var child = Children[at] = Children[at].Owned(owner);
        child.Remove(id, owner);
        if (child.Length == 0)
        {
            RemoveChild(at);
        }
        else if (child.Length < Few && Length > 1)
        {
            var left = Math.Max(at - 1, 0);
            Children[left] = Children[left].Owned(owner);
            if (Children[left].TryAbsorb(Children[left + 1], _firsts[left + 1])) RemoveChild(left + 1);
        }
    }

    public override bool TryAbsorb(TreeNode right, string first)
    {
        if (Length + right.Length > Most) return false;
        Array.Copy(((TreeBranch)right).Children, 0, Children, Length, right.Length);
        Array.Copy(((TreeBranch)right)._firsts, 0, _firsts, Length, right.Length);
        _firsts[Length] = first;
        Length += right.Length;
        return true;
    }

    protected override TreeNode Copy(object owner)
    {
        var copy = new TreeBranch(owner) { Length = Length };
        Array.Copy(Children, copy.Children, Length);
        Array.Copy(_firsts, copy._firsts, Length);
        return copy;
    }

    private void RemoveChild(int at)
    {
        // What belonged to the first child belongs to the next one now.
        if (at == 0) _firsts[1] = _firsts[0];
        Length--;
        Array.Copy(Children, at + 1, Children, at, Length - at);
        Array.Copy(_firsts, at + 1, _firsts, at, Length - at);
        (Children[Length], _firsts[Length]) = (null!, null!);
    }
}
