using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>The inviter's side of a join: what the host serves on <see cref="JoinPath"/> and <see cref="SnapshotPath"/>.</summary>
public sealed class JoinAcceptance(SiteContext site)
{
    public const string JoinPath = JoinRequest.Path;

    public const string SnapshotPath = JoinRequest.SnapshotPath;

    /// <summary>The longest request, in bytes.</summary>
    public const int MaxRequestBytes = 64 << 10;

    private static readonly Actor Author = Actor.System("invitation");

    /// <summary>
    /// Takes a joiner in: marks the invitation used, and pins the joiner's certificate, in one durable mutation. Asked again by the
    /// same joiner it answers the same.
    /// </summary>
    /// <param name="presentedPin">SHA-256 of the certificate that the connection proved.</param>
    /// <param name="body">The request.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>An HTTP status and a body in JSON.</returns>
    public async ValueTask<(int Status, byte[] Body)> AcceptAsync(
        string presentedPin, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var parsed = Parse(presentedPin, body);
        if (parsed.Refusal is { } wrong)
        {
            return (StatusOf(wrong), JoinRefusal.Encode(wrong));
        }

        var outcome = await site.DecideAsync(Author, transaction => Accept(transaction, parsed.Value), cancellationToken);
        return outcome.Refusal is { } refusal
            ? (StatusOf(refusal), JoinRefusal.Encode(refusal))
            : (200, JsonSerializer.SerializeToUtf8Bytes(outcome.Value, SitesJson.Default.JoinReply));
    }

    /// <summary>The cloud's state for a joiner that was taken in, or the refusal.</summary>
    /// <returns>Status 200 and the parts of the body, or another status and one part.</returns>
    public (int Status, IEnumerable<ReadOnlyMemory<byte>> Parts) Snapshot(string presentedPin, ReadOnlyMemory<byte> body)
    {
        var parsed = Parse(presentedPin, body);
        var refusal = parsed.Refusal ?? MayTakeSnapshot(parsed.Value);
        return refusal is not null
            ? (StatusOf(refusal), [JoinRefusal.Encode(refusal)])
            : (200, Framed(site.Replica.TakeSnapshot().Encode()));
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Framed(IEnumerable<ReadOnlyMemory<byte>> chunks)
    {
        foreach (var chunk in chunks)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, chunk.Length);
            yield return length;
            yield return chunk;
        }

        yield return new byte[4];
    }

    private static int StatusOf(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.Invalid => 400,
        RefusalKind.NotAllowed => 403,
        RefusalKind.Unavailable => 503,
        _ => 409,
    };

    private static Outcome<JoinRequest> Parse(string presentedPin, ReadOnlyMemory<byte> body)
    {
        JoinRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(body.Span, SitesJson.Default.JoinRequest);
        }
        catch (JsonException)
        {
            request = null;
        }

        if (request is not { Invitation: not null, Secret: not null, Name: not null, Region: not null, Role: not null, Version: not null }
            || !SiteId.TryParse(request.Site, out _))
        {
            return Refusal.Invalid("body", "This is not a request to join.", "Are both sites of the same version?");
        }

        if (request.Address is { } address && !HostPort.IsValid(address))
        {
            return HostPort.Wrong("advertise", address);
        }

        return CertificatePin.Of(request.Certificate) == presentedPin
            ? request
            : new Refusal(RefusalKind.NotAllowed, "The joiner's connection proved another certificate than the request names.");
    }

    private Outcome<JoinReply> Accept(ITransaction transaction, JoinRequest request)
    {
        if (CheckInvitation(StateView.Of(transaction).Find(EntityKinds.Invitation, request.Invitation), request) is { } void_)
        {
            return void_;
        }

        var state = StateView.Of(transaction);
        var cloud = state.Find(EntityKinds.Cloud, EntityKinds.Cloud)!.Text(SiteFields.CloudId)!;
        var known = state.Find(EntityKinds.Site, request.Site);
        if (known?.Revocation() is { } revocation)
        {
            return new Refusal(
                RefusalKind.NotAllowed, $"Site {request.Name} was {revocation.Text}.", "It can come back only as a new site: with an empty data_dir.");
        }

        var refusal = request.IsMember ? CheckMember(known, request) : CheckNewcomer(state, known, request);
        if (refusal is not null)
        {
            return refusal;
        }

        transaction.SetIfDifferent(
            SiteFields.Invitation(request.Invitation), SiteFields.UsedBy, FieldValue.FromString(request.Site));
        if (!request.IsMember)
        {
            Register(transaction, request);
        }

        return new JoinReply(cloud, site.SelfText);
    }

    private Refusal? CheckInvitation(Entity? invitation, JoinRequest request)
    {
        if (invitation is null || !CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(invitation.Text(SiteFields.Hash, "")),
            Encoding.ASCII.GetBytes(InvitationService.HashOf(request.Secret))))
        {
            return new Refusal(
                RefusalKind.NotAllowed,
                $"Site {site.SiteName} knows no such invitation.",
                $"It may have been revoked. Ask for a new one: skerry site invite, at {site.SiteName}.");
        }

        if (invitation.Text(SiteFields.MadeBySite) != site.SelfText)
        {
            return new Refusal(RefusalKind.NotAllowed, $"The invitation was not made by site {site.SiteName}.", "Dial the site that made it.");
        }

        if (invitation.Text(SiteFields.UsedBy) is { } usedBy)
        {
            return usedBy == request.Site
                ? null
                : Refusal.State($"The invitation was used by site {usedBy}.", $"Each is for one site: skerry site invite, at {site.SiteName}.");
        }

        if (invitation.Instant(SiteFields.ExpiresAt) is not { } expires || expires <= site.Now)
        {
            return Refusal.State(
                $"The invitation expired at {invitation.Text(SiteFields.ExpiresAt)}.", $"Ask for a new one: skerry site invite, at {site.SiteName}.");
        }

        return invitation.Text(SiteFields.ForName) is { } name && name != request.Name
            ? Refusal.State($"The invitation is for a site named {name}, and this one is named {request.Name}.", "Change [site] name, or ask for another one.")
            : null;
    }

    private static Refusal? CheckMember(Entity? known, JoinRequest request)
    {
        if (known is null)
        {
            return new Refusal(
                RefusalKind.Unavailable,
                $"Site {request.Name} is a member of this cloud, but the inviter has not heard of it yet.",
                "Wait until the two know each other through a third, then join again.");
        }

        return CheckCertificate(known, request);
    }

    private Refusal? CheckNewcomer(StateView state, Entity? known, JoinRequest request)
    {
        if (request.Site == site.SelfText)
        {
            return Refusal.Invalid("token", "A site cannot join itself.");
        }

        var namesake = state.List(EntityKinds.Site).FirstOrDefault(s => s.Text(SiteFields.Name) == request.Name && s.Id != request.Site);
        if (namesake is not null)
        {
            return new Refusal(
                RefusalKind.Conflict, $"This cloud has a site named {request.Name} already ({namesake.Id}).", "Change [site] name of the joiner.");
        }

        return known is null ? null : CheckCertificate(known, request);
    }

    private static Refusal? CheckCertificate(Entity known, JoinRequest request) =>
        CertificatePin.Of(known.Text(SiteFields.Certificate)) == CertificatePin.Of(request.Certificate)
            ? null
            : new Refusal(
                RefusalKind.Conflict,
                $"Site {request.Site} is a member with another certificate.",
                "If its data directory was set up anew, let it join with a new identity: an empty data_dir.");

    private void Register(ITransaction transaction, JoinRequest request)
    {
        var key = SiteFields.Site(request.Site);
        if (StateView.Of(transaction).Find(EntityKinds.Site, request.Site) is null)
        {
            Set(key, SiteFields.JoinedAt, Instants.ToField(site.Now));
            Set(key, SiteFields.Name, request.Name);
            Set(key, SiteFields.Region, request.Region);
            Set(key, SiteFields.Role, request.Role);
            Set(key, SiteFields.Certificate, request.Certificate);
            if (request.Seals)
            {
                Set(key, SiteFields.SealsAbove, Convert.ToBase64String(VersionVector.Empty.Encode()));
            }

            Set(key, SiteFields.SyncAddress, request.Address);
            Set(key, SiteFields.ApiUrl, request.ApiUrl);
            Set(key, SiteFields.TokenKey, request.TokenKey);
            Set(key, SiteFields.Version, request.Version);
        }

        // The joiner takes the link's other address, its own way here, out of the token and adds it once it has the state.
        var ends = LinkEnds.Of(site.SelfText, request.Site);
        if (request.Address is not null)
        {
            transaction.SetIfDifferent(ends.Key, ends.AddressOf(request.Site), FieldValue.FromString(request.Address));
        }

        transaction.SetIfDifferent(ends.Key, ends.DownBy(site.SelfText), FieldValue.Null);

        void Set(EntityKey entity, string field, string? value) => transaction.Set(entity, field, FieldValue.FromString(value));
    }

    private Refusal? MayTakeSnapshot(JoinRequest request)
    {
        var invitation = StateView.Of(site.Replica).Find(EntityKinds.Invitation, request.Invitation);
        return CheckInvitation(invitation, request)
            ?? (invitation!.Text(SiteFields.UsedBy) == request.Site
                ? null
                : Refusal.State("The joiner was not taken in yet.", "Join again."));
    }
}
