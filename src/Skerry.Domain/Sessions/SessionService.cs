using System.Globalization;
using Skerry.Domain.Sites;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sessions;

/// <summary>How this site stands to what a client has seen elsewhere.</summary>
public enum SessionState
{
    /// <summary>It has all of it.</summary>
    Covered,

    /// <summary>It lacks some, and may get it.</summary>
    Behind,

    /// <summary>It lacks a write of a start of a site that is over and ended before it: the write went with a disk.</summary>
    Lost,

    /// <summary>The text is no token.</summary>
    Malformed,
}

/// <param name="State">How it stands.</param>
/// <param name="Message">What is lacking and since when nothing was heard, in a sentence or two; empty when nothing is.</param>
public readonly record struct SessionVerdict(SessionState State, string Message);

/// <summary>Makes the tokens that replies carry, and judges those that requests bring.</summary>
/// <remarks>
/// A token that covers what this site shows is the last own write and what others wrote since. The tokens between two changes of
/// the state are one string, and while nothing came from others it names one write, so a reply costs a comparison of references.
/// </remarks>
public sealed class SessionService(SiteContext site, SiteLives? lives = null)
{
    private static readonly Actor Author = Actor.System("sessions");

    private Made? _made;

    /// <summary>The longest that a request may wait.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromSeconds(60);

    /// <summary>A token that covers all that this site shows now; null before it is a member of a cloud.</summary>
    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        var vector = site.Replica.Vector;
        var made = Volatile.Read(ref _made);
        if (made is not null && ReferenceEquals(made.Vector, vector))
        {
            return made.Token;
        }

        if (CloudIdentity.Of(site.Replica) is not { } cloud)
        {
            return null;
        }

        if (Since(site.Replica.LastOwn, vector) is not { } dots)
        {
            // Too many sites wrote since this one did: one write of its own stands for them.
            await MarkAsync(cancellationToken);
            vector = site.Replica.Vector;
            dots = Since(site.Replica.LastOwn, vector) ?? [site.Replica.LastOwn!.Dot];
        }

        made = new Made(vector, new SessionToken(SessionToken.CloudOf(cloud), dots).Encode());
        Volatile.Write(ref _made, made);
        return made.Token;
    }

    /// <summary>Judges a token, and waits for what is lacking for as long as the client will.</summary>
    /// <param name="token">As a client sent it.</param>
    /// <param name="wait">At most <see cref="LongestWait"/> of it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask<SessionVerdict> JudgeAsync(string token, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (SessionToken.Decode(token) is not { } seen)
        {
            return new SessionVerdict(SessionState.Malformed, "The session token is none that this site knows; send the one of the last reply, or none.");
        }

        // A client may talk to several clouds; what it saw of another one says nothing here.
        if (CloudIdentity.Of(site.Replica) is not { } cloud || SessionToken.CloudOf(cloud) != seen.Cloud || Lacking(seen).Count == 0)
        {
            return new SessionVerdict(SessionState.Covered, "");
        }

        if (wait > TimeSpan.Zero)
        {
            await WaitAsync(seen, wait < LongestWait ? wait : LongestWait, cancellationToken);
        }

        var lacking = Lacking(seen);
        return lacking.Count == 0 ? new SessionVerdict(SessionState.Covered, "") : Explain(lacking);
    }

    private async ValueTask WaitAsync(SessionToken seen, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var alarm = site.Time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, wait, Timeout.InfiniteTimeSpan);
        try
        {
            await site.Replica.WaitUntilCoversAsync(seen.Dots.Aggregate(VersionVector.Empty, (all, dot) => all.With(dot)), limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The client's patience is over.
        }
    }

    private List<Dot> Lacking(SessionToken seen)
    {
        var vector = site.Replica.Vector;
        return [.. seen.Dots.Where(dot => !vector.Covers(dot))];
    }

    private SessionVerdict Explain(List<Dot> lacking)
    {
        var state = StateView.Of(site.Replica);
        var vector = site.Replica.Vector;
        foreach (var dot in lacking)
        {
            if (state.Find(EntityKinds.Site, dot.Site.ToString()) is { } maker
                && (IncarnationRecord.Of(maker).Closed.GetValueOrDefault(Positions.NameOf(dot.Incarnation), long.MaxValue) < dot.Sequence
                    || (vector.Retired[dot.Writer] is > 0 and var end && end < dot.Sequence)))
            {
                return new SessionVerdict(
                    SessionState.Lost,
                    $"What this session saw at site {maker.Text(SiteFields.Name, maker.Id)} is gone: it was lost with a disk of that site, which was started anew "
                    + "from before it. Look what is there now, and begin a new session: send no token.");
            }
        }

        var map = lives?.Map(state);
        var bySite = lacking.GroupBy(dot => dot.Site).OrderBy(group => group.Key).Take(5).Select(group =>
        {
            var missing = group.Sum(dot => dot.Sequence - vector[dot.Writer]);
            var entity = state.Find(EntityKinds.Site, group.Key.ToString());
            var heard = entity is null ? null : map?.Of(entity).LastHeardAt;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{missing} changes of site {entity?.Text(SiteFields.Name) ?? group.Key.ToString()}, last heard {(heard is { } at ? $"{(site.Now - at).TotalSeconds:0} s ago" : "never")}");
        });
        return new SessionVerdict(
            SessionState.Behind, $"Site {site.SiteName} is behind this session: it lacks {string.Join("; ", bySite)}. Wait and ask again, or ask without the token for what it knows.");
    }

    /// <summary>What must be named beside, or in place of, the last own write; null when it does not fit.</summary>
    private static List<Dot>? Since(State.OwnWrite? own, VersionVector vector)
    {
        List<Dot> dots = own is null ? [] : [own.Dot];
        if (own is not null && ReferenceEquals(own.Vector, vector))
        {
            return dots;
        }

        foreach (var dot in vector)
        {
            if (own?.Vector.Covers(dot) is true)
            {
                continue;
            }

            if (dots.Count == SessionToken.MostDots)
            {
                return null;
            }

            dots.Add(dot);
        }

        return dots;
    }

    private async ValueTask MarkAsync(CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Author,
            transaction =>
            {
                transaction.Set(
                    SiteFields.Site(site.SelfText), SiteFields.SessionMark, FieldValue.FromString(Instants.ToField(site.Now)), DomainSchema.OwnerRank);
                return default(Unit);
            },
            cancellationToken);

    private sealed record Made(VersionVector Vector, string Token);
}
