using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Sites;

namespace Skerry.Api.Native;

/// <summary>Sites, the links between them, and how a site comes in.</summary>
internal static class SitesApi
{
    public static void MapSites(this RouteGroupBuilder api)
    {
        var sites = api.MapGroup("/sites").WithTags("sites");
        sites.MapGet("", List).WithSummary("List sites").Produces<SiteList>();
        sites.MapGet("/{site}", Show).WithSummary("Show a site, by id or name").Produces<SiteReply>();
        sites.MapPost("/invite", InviteAsync).WithSummary("Invite a site").Accepts<SiteInviteRequest>("application/json").Produces<InvitationReply>(201);
        sites.MapPost("/join", JoinAsync).WithSummary("Let this site join").Accepts<SiteJoinRequest>("application/json").Produces<JoinReply>();
        sites.MapPost("/{site}/rotate-certificate", RotateAsync)
            .WithSummary("Replace the certificate of the site that is asked")
            .Accepts<SiteRotateRequest>("application/json")
            .Produces<SiteReply>();
        foreach (var verb in (string[])["disconnect", "connect", "fail", "fence", "evict", "accept", "revoke", "reinstate"])
        {
            sites.MapPost($"/{{site}}/{verb}", (Caller caller, string site, JsonBody body, SiteService service, CancellationToken ct) =>
                    ActAsync(verb, caller, site, body, service, ct))
                .WithSummary($"{char.ToUpperInvariant(verb[0])}{verb[1..]} a site")
                .Accepts<SiteActionRequest>("application/json")
                .Produces<SiteReply>();
        }

        api.MapGet("/site-links", Links).WithTags("sites").WithSummary("List links between sites").Produces<LinkList>();
        api.MapGet("/invitations", Invitations).WithTags("sites").WithSummary("List invitations").Produces<InvitationList>();
        api.MapDelete("/invitations/{id}", RevokeAsync).WithTags("sites").WithSummary("Revoke an invitation").Produces(204);
    }

    private static IResult List(Caller caller, HttpRequest request, SiteService sites) =>
        Pages.Answer(
            request,
            sites.List(caller.Actor),
            site => site.Id,
            SiteRecords.Of,
            (items, links) => new SiteList(items, links),
            SkerryJson.Default.SiteList);

    private static IResult Show(Caller caller, string site, SiteService sites) =>
        Answer.From(sites.Show(caller.Actor, site), view => new SiteReply(SiteRecords.Of(view)), SkerryJson.Default.SiteReply);

    private static async Task<IResult> InviteAsync(
        Caller caller, JsonBody body, InvitationService invitations, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("name", "address", "valid_seconds");
        var request = new InviteRequest(
            fields.Text("name"),
            fields.Text("address"),
            fields.Integer("valid_seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await invitations.InviteAsync(caller.Actor, request, cancellationToken),
                view => new InvitationReply(SiteRecords.Of(view)),
                SkerryJson.Default.InvitationReply,
                StatusCodes.Status201Created);
    }

    private static async Task<IResult> JoinAsync(Caller caller, JsonBody body, JoinService joins, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("token", "advertise");
        var (token, advertise) = (fields.Text("token", required: true), fields.Text("advertise"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Answer.From(
                await joins.JoinAsync(caller.Actor, token!, advertise, cancellationToken),
                result => new JoinReply(
                    new JoinRecord(result.CloudId, SiteRecords.Of(result.InvitedBy), result.Adopted, result.Entities)),
                SkerryJson.Default.JoinReply);
    }

    private static async Task<IResult> ActAsync(
        string verb, Caller caller, string site, JsonBody body, SiteService sites, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("reason", "address");
        var (reason, address) = (fields.Text("reason"), fields.Text("address"));
        if (fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var outcome = verb switch
        {
            "disconnect" => await sites.DisconnectAsync(caller.Actor, site, reason, cancellationToken),
            "connect" => await sites.ConnectAsync(caller.Actor, site, address, cancellationToken),
            "fail" => await sites.MarkFailedAsync(caller.Actor, site, reason, cancellationToken),
            "revoke" => await sites.RevokeAsync(caller.Actor, site, reason, cancellationToken),
            "evict" => await sites.EvictAsync(caller.Actor, site, reason, cancellationToken),
            "accept" => await sites.AcceptAsync(caller.Actor, site, cancellationToken),
            "fence" => await sites.FenceAsync(caller.Actor, site, reason, cancellationToken),
            _ => await sites.ReinstateAsync(caller.Actor, site, cancellationToken),
        };
        return Answer.From(outcome, view => new SiteReply(SiteRecords.Of(view)), SkerryJson.Default.SiteReply);
    }

    private static async Task<IResult> RotateAsync(
        Caller caller, string site, JsonBody body, SiteService sites, CertificateRotationService rotation, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Root;
        fields.Allow("now");
        var now = fields.Flag("now") ?? false;
        if (fields.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var found = sites.Show(caller.Actor, site);
        if (found.Refusal is null && !found.Value.IsSelf)
        {
            return new Fault(Refusal.State(
                $"Only site {found.Value.Name} itself can replace its certificate.", $"Ask it there, at {found.Value.ApiUrl}."));
        }

        var outcome = found.Refusal ?? (await rotation.RotateAsync(caller.Actor, now, cancellationToken)).Refusal;
        return outcome is not null
            ? new Fault(outcome)
            : Answer.From(sites.Show(caller.Actor, site), view => new SiteReply(SiteRecords.Of(view)), SkerryJson.Default.SiteReply);
    }

    private static IResult Links(Caller caller, HttpRequest request, SiteService sites)
    {
        var links = sites.ListLinks(caller.Actor);
        return links.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                links.Value,
                link => link.Id,
                SiteRecords.Of,
                (items, next) => new LinkList(items, next),
                SkerryJson.Default.LinkList);
    }

    private static IResult Invitations(Caller caller, HttpRequest request, InvitationService invitations)
    {
        var all = invitations.List(caller.Actor);
        return all.Refusal is { } refusal
            ? new Fault(refusal)
            : Pages.Answer(
                request,
                all.Value,
                invitation => invitation.Id,
                SiteRecords.Of,
                (items, next) => new InvitationList(items, next),
                SkerryJson.Default.InvitationList);
    }

    private static async Task<IResult> RevokeAsync(
        Caller caller, string id, InvitationService invitations, CancellationToken cancellationToken) =>
        Answer.Empty(await invitations.RevokeAsync(caller.Actor, id, cancellationToken));
}
