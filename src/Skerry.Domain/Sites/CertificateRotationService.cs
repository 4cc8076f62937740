using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>
/// Replaces this site's certificate while it runs. The next one is told to all sites first; they accept both from then on, and say so;
/// when all that can be waited for have said it, the site uses the next one, and the old one proves nothing any more.
/// </summary>
/// <remarks>
/// The certificate is durable on disk before the state says anything of it, at both steps: after a crash in between the state is brought
/// in line at the next step or start, and at no moment does the site present what others do not accept.
/// </remarks>
public sealed class CertificateRotationService(SiteContext site, SiteSettings settings) : IReconciler
{
    public string Name => "certificate";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Site];

    /// <summary>Begins, or goes on with, a rotation of this site's certificate.</summary>
    /// <param name="actor">An administrator.</param>
    /// <param name="now">Use the next certificate without waiting: sites that have not heard of it find this one foreign until they have.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was written.</param>
    public async ValueTask<Outcome<Unit>> RotateAsync(Actor actor, bool now, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Only an administrator may replace a site's certificate.");
        }

        if (settings.Certificates is not { } certificates)
        {
            return Refusal.State("This site's certificate cannot be replaced while it runs.", "Restart the daemon with its own data directory.");
        }

        var next = certificates.PrepareNext();
        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var key = SiteFields.Site(site.SelfText);
                var rotation = new CertificateRotation(actor.Name, Instants.ToField(site.Now), now);
                transaction.SetIfDifferent(key, SiteFields.NextCertificate, FieldValue.FromString(next), DomainSchema.OwnerRank);
                transaction.Set(
                    key, SiteFields.Rotation, FieldValue.Serialize(rotation, SitesJson.Default.CertificateRotation), DomainSchema.OwnerRank);
                return default(Unit);
            },
            cancellationToken);
    }

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (settings.Certificates is not { NextPem: { } next } certificates
            || state.Find(EntityKinds.Site, site.SelfText) is not { } self
            || self.Json(SiteFields.Rotation, SitesJson.Default.CertificateRotation) is not { } rotation
            || CertificatePin.Of(self.Text(SiteFields.NextCertificate)) != CertificatePin.Of(next)
            || (!rotation.Now && WaitsFor(state, self).Count > 0))
        {
            return StepResult.Done;
        }

        certificates.Promote();
        await site.DecideAsync(
            Actor.System(Name),
            transaction =>
            {
                Write(transaction, self.Key, settings);
                return default(Unit);
            },
            cancellationToken);
        return StepResult.Done.With(new StepReport($"This site proves itself with a new certificate now, {CertificatePin.Of(settings.CertificatePem)}."));
    }

    /// <summary>Names of the sites that have not said yet that they accept the site's next certificate; empty when none is to come.</summary>
    internal static IReadOnlyList<string> WaitsFor(StateView state, Entity self)
    {
        if (CertificatePin.Of(self.Text(SiteFields.NextCertificate)) is not { } pin)
        {
            return [];
        }

        return
        [
            .. state.List(EntityKinds.Site)
                .Where(s => s.Id != self.Id && IsWaitedFor(s))
                .Where(s => s.Json(SiteFields.AcceptsNext, SitesJson.Default.SortedDictionaryStringString)?.GetValueOrDefault(self.Id) != pin)
                .Select(s => s.Text(SiteFields.Name, s.Id))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Brings what the state says of this site's certificate in line with the one in use.</summary>
    internal static void Write(ITransaction transaction, EntityKey key, SiteSettings settings)
    {
        var known = transaction.Find(key);
        var before = known?.Text(SiteFields.Certificate);
        var isSame = CertificatePin.Of(before) == CertificatePin.Of(settings.CertificatePem);

        // Also where it is the same: whoever took this site in wrote it without the rank that only the site itself gives.
        transaction.SetIfDifferent(
            key, SiteFields.Certificate, FieldValue.FromString(isSame ? before : settings.CertificatePem), DomainSchema.OwnerRank);
        if (isSame)
        {
            return;
        }

        if (settings.Certificates is { } certificates && before is not null)
        {
            Set(SiteFields.PreviousCertificate, before);
            Set(SiteFields.KeyCertificate, certificates.KeyPem);
        }

        if (known?.Text(SiteFields.NextCertificate) is { } next && CertificatePin.Of(next) == CertificatePin.Of(settings.CertificatePem))
        {
            Set(SiteFields.NextCertificate, null);
            Set(SiteFields.Rotation, null);
        }

        void Set(string field, string? value) => transaction.Set(key, field, FieldValue.FromString(value), DomainSchema.OwnerRank);
    }

    /// <summary>A site that a person gave up is not waited for.</summary>
    private static bool IsWaitedFor(Entity other) =>
        Eviction.IsAwaited(other) && other.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is null;
}
