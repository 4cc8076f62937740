using System.Buffers.Binary;
using System.Text.Json;
using Skerry.State;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>What came of a join.</summary>
/// <param name="CloudId">The cloud that this site is now a member of.</param>
/// <param name="InvitedBy">The site that the new link leads to.</param>
/// <param name="Adopted">True when the cloud's state replaced this site's own; false when only a link was added.</param>
/// <param name="Entities">How many sites and volumes the cloud has; 0 when only a link was added.</param>
public sealed record JoinResult(string CloudId, SiteView InvitedBy, bool Adopted, long Entities);

/// <summary>Makes this site a member of the cloud that a token invites it to, or links it with one more site of its own cloud.</summary>
/// <remarks>
/// The steps are ordered so that asking again with the same token always completes what a crash cut short: the inviter first marks
/// the invitation as used by this very site, and answers it again; the joiner takes the state in one durable step.
/// </remarks>
public sealed class JoinService(
    SiteContext site, SiteSettings settings, SiteRegistration registration, SiteService sites, IJoinChannel channel)
{
    private const int MaxChunkBytes = 64 << 20;

    // How long a member waits for the inviter to hear of it through others.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Safe to ask again after any failure, with the same token.</summary>
    /// <param name="actor">An administrator of this site.</param>
    /// <param name="token">What <c>skerry site invite</c> printed at the other site.</param>
    /// <param name="advertise">HOST:PORT at which the inviter dials this site; null for this site's own <c>sync_advertise</c>, empty for not at all.</param>
    /// <param name="cancellationToken">Ends the waiting; what the inviter has written by then stays.</param>
    public async ValueTask<Outcome<JoinResult>> JoinAsync(Actor actor, string token, string? advertise, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Only an administrator may join this site to a cloud.");
        }

        var decoded = InvitationToken.Decode(token);
        if (decoded.Refusal is { } wrong)
        {
            return wrong;
        }

        var address = advertise ?? settings.SyncAddress;
        if (address.Length > 0 && !HostPort.IsValid(address))
        {
            return HostPort.Wrong("advertise", address);
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            return await JoinAsync(actor, decoded.Value, address.Length > 0 ? address : null, cancellationToken);
        }
        catch (IOException unreachable)
        {
            return new Refusal(
                RefusalKind.Unavailable,
                unreachable.Message,
                $"The invitation says that {decoded.Value.Name} is at {decoded.Value.Address}; if that is wrong from here, invite with --address HOST:PORT.");
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask<Outcome<JoinResult>> JoinAsync(
        Actor actor, InvitationToken token, string? address, CancellationToken cancellationToken)
    {
        if (token.Site == site.SelfText)
        {
            return Refusal.Invalid("token", "The invitation was made by this very site.", "Use it at the site that shall join.");
        }

        var isMember = CloudIdentity.Of(site.Replica) == token.Cloud;
        if (!isMember && Virginity.Check(site) is { } refusal)
        {
            return refusal;
        }

        var request = new JoinRequest(
            token.Id, token.Secret, isMember, site.SelfText, settings.Name, settings.Region, settings.Role, settings.CertificatePem, address,
            settings.ApiUrl, settings.TokenKeyPem, settings.Version, settings.Seals);
        var reply = await AskAsync(token, request, cancellationToken);
        if (reply.Refusal is { } refused)
        {
            return refused;
        }

        if (reply.Value.Cloud != token.Cloud || reply.Value.Site != token.Site)
        {
            return Refusal.State(
                $"Site {token.Name} is now a member of another cloud than when it made the invitation.", "Ask for a new one.");
        }

        if (isMember)
        {
            if (await HearOfAsync(token, cancellationToken) is { } unheard)
            {
                return unheard;
            }
        }
        else
        {
            var adopted = await AdoptAsync(token, request, cancellationToken);
            if (adopted is not null)
            {
                return adopted;
            }
        }

        await LinkAsync(actor, token, isMember ? address : null, cancellationToken);
        var inviter = sites.Show(actor, token.Site);
        if (inviter.Refusal is { } unknown)
        {
            return unknown;
        }

        var count = isMember ? 0 : site.Replica.List(EntityKinds.Site).Count + site.Replica.List(EntityKinds.Volume).Count;
        return new JoinResult(token.Cloud, inviter.Value, !isMember, count);
    }

    private async ValueTask<Outcome<JoinReply>> AskAsync(InvitationToken token, JoinRequest request, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, SitesJson.Default.JoinRequest);
        var start = site.Time.GetTimestamp();
        while (true)
        {
            var answer = await channel.PostAsync(token.Address, token.Pin, JoinRequest.Path, body, cancellationToken);
            await using var stream = answer.Body;
            var bytes = await ReadAllAsync(stream, cancellationToken);
            if (answer.StatusCode == 200)
            {
                try
                {
                    if (JsonSerializer.Deserialize(bytes, SitesJson.Default.JoinReply) is { Cloud: not null, Site: not null } reply)
                    {
                        return reply;
                    }
                }
                catch (JsonException)
                {
                    // Said below.
                }

                return new Refusal(RefusalKind.Unavailable, $"Site {token.Name} gave an answer that is not one.", "Are both sites of the same version?");
            }

            var refusal = JoinRefusal.Decode(bytes, answer.StatusCode, token.Address);
            if (refusal.Kind != RefusalKind.Unavailable || !request.IsMember || site.Time.GetElapsedTime(start) > Patience)
            {
                return refusal;
            }

            await Task.Delay(Pace, site.Time, cancellationToken);
        }
    }

    private async ValueTask<Refusal?> AdoptAsync(InvitationToken token, JoinRequest request, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, SitesJson.Default.JoinRequest);
        var answer = await channel.PostAsync(token.Address, token.Pin, JoinRequest.SnapshotPath, body, cancellationToken);
        await using var stream = answer.Body;
        if (answer.StatusCode != 200)
        {
            return JoinRefusal.Decode(await ReadAllAsync(stream, cancellationToken), answer.StatusCode, token.Address);
        }

        StateSnapshot snapshot;
        try
        {
            snapshot = StateSnapshot.Decode(await ReadChunksAsync(stream, cancellationToken));
        }
        catch (StateFormatException damaged)
        {
            return new Refusal(RefusalKind.Unavailable, $"The state of {token.Name} arrived damaged: {damaged.Message}", "Join again.");
        }

        // The transfer took time, in which somebody may have begun to use this site.
        if (Virginity.Check(site) is { } refusal)
        {
            return refusal;
        }

        await site.Replica.AdoptAsync(snapshot, cancellationToken);
        await registration.EnsureAsync(cancellationToken);
        return null;
    }

    /// <summary>Two members that join each other may each have heard of the other at different times.</summary>
    private async ValueTask<Refusal?> HearOfAsync(InvitationToken token, CancellationToken cancellationToken)
    {
        var start = site.Time.GetTimestamp();
        while (StateView.Of(site.Replica).Find(EntityKinds.Site, token.Site) is null)
        {
            if (site.Time.GetElapsedTime(start) > Patience)
            {
                return new Refusal(
                    RefusalKind.Unavailable,
                    $"Site {token.Name} is a member of this cloud, but this site has not heard of it yet.",
                    "Wait until the two know each other through a third, then join again.");
            }

            await Task.Delay(Pace, site.Time, cancellationToken);
        }

        return null;
    }

    /// <summary>Writes down how this site reaches the inviter; and, of a member, how the inviter reaches it.</summary>
    private ValueTask<Unit> LinkAsync(Actor actor, InvitationToken token, string? ownAddress, CancellationToken cancellationToken) =>
        site.DecideAsync(
            actor,
            transaction =>
            {
                var ends = LinkEnds.Of(site.SelfText, token.Site);
                transaction.SetIfDifferent(ends.Key, ends.AddressOf(token.Site), FieldValue.FromString(token.Address));
                transaction.SetIfDifferent(ends.Key, ends.DownBy(site.SelfText), FieldValue.Null);
                if (ownAddress is not null)
                {
                    transaction.SetIfDifferent(ends.Key, ends.AddressOf(site.SelfText), FieldValue.FromString(ownAddress));
                }

                return default(Unit);
            },
            cancellationToken);

    private static async ValueTask<List<ReadOnlyMemory<byte>>> ReadChunksAsync(Stream stream, CancellationToken cancellationToken)
    {
        var chunks = new List<ReadOnlyMemory<byte>>();
        var head = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(head, cancellationToken);
            var length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (length == 0)
            {
                return chunks;
            }

            if (length is < 0 or > MaxChunkBytes)
            {
                throw new IOException("The state that the inviter sent is not in the form that it should be; are both sites of the same version?");
            }

            var chunk = new byte[length];
            await stream.ReadExactlyAsync(chunk, cancellationToken);
            chunks.Add(chunk);
        }
    }

    private static async ValueTask<byte[]> ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[JoinAcceptance.MaxRequestBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return buffer[..length];
    }
}
