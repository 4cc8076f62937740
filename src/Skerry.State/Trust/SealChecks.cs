using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State.Trust;

/// <summary>Checks the runs of one delivery, in order: each against the rule that held before it.</summary>
/// <param name="rules">Null where nothing is checked.</param>
/// <param name="keys">Public keys that were read before.</param>
/// <param name="find">Reads the state as far as it has been applied.</param>
internal sealed class SealChecks(ISealRules? rules, SealKeys keys, Func<EntityKey, Entity?> find)
{
    private readonly List<Mutation> _run = [];
    private SealRule? _rule;

    /// <summary>Before the mutation is applied.</summary>
    public void Begin(Mutation mutation)
    {
        if (rules is null) return;
        if (_run.Count > 0 && !Run.Follows(_run[^1].Dot, mutation.Dot)) End();
        if (_run.Count > 0) return;
        _rule = rules.RuleOf(mutation.Dot.Site, find)
            ?? throw new ForgedRunException(mutation.Dot.Site, $"Mutation {mutation.Dot} is of a site that is no member, as far as this site knows.");
    }

    /// <summary>After the mutation was applied.</summary>
    /// <exception cref="ForgedRunException">The run that ends here is not sealed by its maker.</exception>
    public void Add(Mutation mutation)
    {
        if (rules is null) return;
        _run.Add(mutation);
        if (!mutation.IsSealed) return;
        if (_rule!.PublicKey is not { } key)
        {
            End();
        }
        else
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            Run.Digest(CollectionsMarshal.AsSpan(_run), mutation.SealAt, digest);
            if (!keys.Verify(key, digest, mutation.Seal.Span))
            {
                throw Forged($"the seal of {mutation.Dot} is not the one of its maker for what came with it");
            }
        }

        _run.Clear();
    }

    /// <summary>After the last mutation.</summary>
    /// <exception cref="ForgedRunException">What is left has no seal, and should have.</exception>
    public void End()
    {
        if (_run.Count == 0) return;
        if (!_run[^1].EndsRun || (_rule!.UnsealedUpTo is { } before && !before.Covers(_run[^1].Dot)))
        {
            throw Forged($"{_run[^1].Dot} has no seal that could be checked, and its maker seals what it makes");
        }

        _run.Clear();
    }

    private ForgedRunException Forged(string what) => new(_run[0].Dot.Site, $"A run from {_run[0].Dot} on is forged: {what}.");
}

/// <summary>Public keys by their text, read once each.</summary>
internal sealed class SealKeys
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ECDsa?> _keys = new(StringComparer.Ordinal);

    public bool Verify(string publicKey, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        lock (_lock)
        {
            if (!_keys.TryGetValue(publicKey, out var key)) _keys.Add(publicKey, key = Read(publicKey));
            return key is not null && key.VerifyHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    private static ECDsa? Read(string publicKey)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            if (key.KeySize == 256) return key;
        }
        catch (Exception unreadable) when (unreadable is FormatException or CryptographicException)
        {
            // Nothing can be sealed with it.
        }

        key.Dispose();
        return null;
    }
}
