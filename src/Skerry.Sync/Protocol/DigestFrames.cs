using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Sync.Protocol;

/// <summary>Asks whether the receiver holds the same at the same vector.</summary>
/// <param name="Number">Of the comparison, above those before on this connection.</param>
/// <param name="Vector">The sender's, at which the digest was taken.</param>
/// <param name="All">Of everything.</param>
public sealed record DigestAsk(long Number, VersionVector Vector, RangeDigest All) : Frame;

/// <summary>Ends a comparison.</summary>
/// <param name="Number">Of the comparison.</param>
/// <param name="IsEqual">False when the receiver's vector was another one, so that nothing is known.</param>
public sealed record DigestAnswer(long Number, bool IsEqual) : Frame;

/// <summary>What the sender holds in ranges that differ, so that the receiver sees in which of them; and entities that were found.</summary>
/// <param name="Number">Of the comparison.</param>
/// <param name="Parts">At most <see cref="DigestTalk.MostParts"/>.</param>
/// <param name="Findings">At most <see cref="DigestTalk.MostFindings"/>.</param>
public sealed record DigestRanges(long Number, IReadOnlyList<DigestPart> Parts, IReadOnlyList<DigestFinding> Findings) : Frame;

/// <summary>What the sender holds in one range.</summary>
public sealed record DigestPart(KeyRange Range, RangeDigest Digest);

/// <summary>What the sender holds in a range that differs and in which each end has one entity at most.</summary>
/// <param name="Range">The range.</param>
/// <param name="IsReply">The receiver's own was sent before.</param>
/// <param name="Key">The entity; null when the sender has none there.</param>
/// <param name="Body">Its canonical bytes, cut at <see cref="DigestTalk.MostBodyBytes"/>.</param>
public sealed record DigestFinding(KeyRange Range, bool IsReply, EntityKey? Key, ReadOnlyMemory<byte> Body);
