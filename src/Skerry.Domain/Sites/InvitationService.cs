using System.Security.Cryptography;
using System.Text;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What an administrator asks for when inviting a site.</summary>
/// <param name="ForName">The name that the joining site must have; null for any.</param>
/// <param name="Address">HOST:PORT under which the joiner must dial this site; null for this site's own <c>sync_advertise</c>.</param>
/// <param name="Lifetime">How long the invitation holds; null for a day. At most 30 days.</param>
public sealed record InviteRequest(string? ForName = null, string? Address = null, TimeSpan? Lifetime = null);

/// <summary>An invitation as it is stored. The secret itself is only in the token, which is shown once.</summary>
/// <param name="Id">Names it, for listing and revoking.</param>
/// <param name="ForName">The name that the joining site must have; null for any.</param>
/// <param name="ExpiresAt">When it stops to hold.</param>
/// <param name="UsedBy">The id of the site that used it; null while it is open.</param>
/// <param name="InvitedBy">The name of the site that made it, the only one that takes it.</param>
/// <param name="Token">What the joiner needs, as text without spaces; null except in the answer to the request that made it.</param>
public sealed record InvitationView(
    string Id, string? ForName, DateTimeOffset ExpiresAt, string? UsedBy, string InvitedBy, string? Token);

/// <summary>Makes one-time invitations.</summary>
public sealed class InvitationService(SiteContext site, SiteSettings settings)
{
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(30);

    public async ValueTask<Outcome<InvitationView>> InviteAsync(Actor actor, InviteRequest request, CancellationToken cancellationToken)
    {
        if (Check(actor, request) is { } wrong)
        {
            return wrong;
        }

        var id = site.Ids.NewUuid();
        var secret = new byte[32];
        site.Ids.FillSecret(secret);
        var expires = site.Now + (request.Lifetime ?? DefaultLifetime);
        var outcome = await site.DecideAsync<Outcome<string>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (request.ForName is { } name && state.List(EntityKinds.Site).Any(s => s.Text(SiteFields.Name) == name && s.Id == site.SelfText))
                {
                    return Refusal.Invalid("name", $"Site {name} is this site itself.", "Give the name of the site that shall join.");
                }

                if (state.Find(EntityKinds.Cloud, EntityKinds.Cloud)?.Text(SiteFields.CloudId) is not { } cloud)
                {
                    return Refusal.State("This site has not finished its first start.", "Try again in a moment.");
                }

                var key = SiteFields.Invitation(id);
                transaction.Set(key, SiteFields.Hash, FieldValue.FromString(HashOf(Convert.ToHexStringLower(secret))));
                transaction.Set(key, SiteFields.ForName, FieldValue.FromString(request.ForName));
                transaction.Set(key, SiteFields.ExpiresAt, FieldValue.FromString(Instants.ToField(expires)));
                transaction.Set(key, SiteFields.MadeBySite, FieldValue.FromString(site.SelfText));
                return cloud;
            },
            cancellationToken);
        if (outcome.Refusal is { } refusal)
        {
            return refusal;
        }

        var token = new InvitationToken(
            InvitationToken.Version,
            outcome.Value,
            site.SelfText,
            site.SiteName,
            request.Address ?? settings.SyncAddress,
            CertificatePin.Of(settings.CertificatePem)!,
            id,
            Convert.ToHexStringLower(secret),
            Instants.ToField(expires));
        return new InvitationView(id, request.ForName, expires, null, site.SiteName, token.Encode());
    }

    /// <summary>The invitations that are not yet forgotten, whichever site made them. For administrators.</summary>
    public Outcome<IReadOnlyList<InvitationView>> List(Actor actor)
    {
        if (!actor.IsAdmin)
        {
            return NotAllowed();
        }

        var state = StateView.Of(site.Replica);
        return state.List(EntityKinds.Invitation).Select(i => View(i, state)).ToList();
    }

    /// <summary>Makes an open invitation void.</summary>
    public async ValueTask<Outcome<Unit>> RevokeAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return NotAllowed();
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var key = SiteFields.Invitation(id);
                if (StateView.Of(transaction).Find(EntityKinds.Invitation, id) is not { } invitation)
                {
                    return Refusal.NotFound("invitation", id);
                }

                if (invitation.Text(SiteFields.UsedBy) is { } used)
                {
                    return Refusal.State($"Invitation {id} was used by site {used}.", "Fence that site if it should not have joined.");
                }

                transaction.Delete(key);
                return default(Unit);
            },
            cancellationToken);
    }

    /// <summary>What the state keeps of a secret.</summary>
    internal static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(secret)));

    private static Refusal? Check(Actor actor, InviteRequest request)
    {
        if (!actor.IsAdmin)
        {
            return NotAllowed();
        }

        if (request.Address is { } address && !HostPort.IsValid(address))
        {
            return HostPort.Wrong("address", address);
        }

        if (request.ForName is { } name && string.IsNullOrWhiteSpace(name))
        {
            return Refusal.Invalid("name", "A site's name cannot be empty.", "Leave it out to let a site of any name join.");
        }

        return request.Lifetime is { } lifetime && (lifetime <= TimeSpan.Zero || lifetime > LongestLifetime)
            ? Refusal.Invalid("lifetime", "An invitation holds for above 0 seconds and at most 30 days.")
            : null;
    }

    private static Refusal NotAllowed() => new(RefusalKind.NotAllowed, "Only an administrator may invite sites.");

    private static InvitationView View(Entity invitation, StateView state)
    {
        var by = invitation.Text(SiteFields.MadeBySite, "");
        return new InvitationView(
            invitation.Id,
            invitation.Text(SiteFields.ForName),
            invitation.Instant(SiteFields.ExpiresAt) ?? DateTimeOffset.MinValue,
            invitation.Text(SiteFields.UsedBy),
            state.Find(EntityKinds.Site, by)?.Text(SiteFields.Name) ?? by,
            Token: null);
    }
}
