using System.Security.Cryptography;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State.Trust;

/// <summary>Puts the seals on what this site made of a group, just before the group becomes durable: one signature for each run.</summary>
internal static class Sealing
{
    /// <summary>Replaces the last mutation of each own run by the same with its seal.</summary>
    /// <param name="group">In order of application; others' mutations stay as they came.</param>
    /// <param name="own">This start of this site.</param>
    public static void Seal(Mutation[] group, Writer own, ISealer sealer)
    {
        for (var start = 0; start < group.Length;)
        {
            if (group[start].Dot.Writer != own || group[start].IsSealed)
            {
                start++;
                continue;
            }

            var end = EndOf(group, start);
            group[end] = Sealed(group.AsSpan(start, end - start + 1), sealer);
            start = end + 1;
        }
    }

    private static int EndOf(Mutation[] group, int start)
    {
        var bytes = group[start].Encoded.Length;
        var end = start;
        while (end + 1 < group.Length && end - start + 1 < Run.MostMutations && Run.Follows(group[end].Dot, group[end + 1].Dot)
            && (bytes += group[end + 1].Encoded.Length) <= Run.MostBytes)
        {
            end++;
        }

        return end;
    }

    private static Mutation Sealed(ReadOnlySpan<Mutation> run, ISealer sealer)
    {
        var last = run[^1];
        Span<byte> signature = stackalloc byte[MutationCodec.SealBytes];
        signature.Clear();
        var open = MutationCodec.WithSeal(last, signature);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Mutation[] signed = [.. run[..^1], open];
        Run.Digest(signed, open.SealAt, digest);
        sealer.Sign(digest, signature);
        return MutationCodec.WithSeal(last, signature);
    }
}
