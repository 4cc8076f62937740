using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>How long tokens live.</summary>
/// <param name="Lifetime">Of a token made with a password; default an hour.</param>
public sealed record TokenOptions(TimeSpan Lifetime)
{
    public TokenOptions()
        : this(TimeSpan.FromHours(1))
    {
    }
}

/// <summary>
/// Makes and checks tokens. A token is signed by the site that made it and is stored nowhere; any site checks it by itself: the
/// signature against the public key in the maker's <c>site</c> entity, the rest (user, project, roles, password, revocations) against
/// its own state as it is now. Taking a role away therefore works at once where it is known, and elsewhere as soon as it gets there.
/// </summary>
public sealed class TokenService(SiteContext site, TokenKey key, PasswordVerifier passwords, TokenOptions options) : IDisposable
{
    private readonly TokenVerificationKeys _keys = new();

    private Replica Replica => site.Replica;

    /// <summary>Proves who asks and makes a token; every reason not to is the same NotAuthenticated, so that names cannot be tried.</summary>
    public async ValueTask<Outcome<ValidToken>> IssueAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var proven = request.Token is not null
            ? ProveByToken(request.Token)
            : await ProveByPasswordAsync(request, cancellationToken);
        if (proven.Refusal is { } refusal)
        {
            return refusal;
        }

        var (userId, epoch, parent) = proven.Value;
        if (ResolveScope(request.Scope, userId) is not { } scope)
        {
            return NoRoles(request.Scope);
        }

        var now = site.Now;
        var issuedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var lifetime = parent is null ? options.Lifetime : parent.Claims.ExpiresAt - issuedAt;
        var claims = new TokenClaims(
            site.Ids.NewGuid(),
            parent?.Claims.Id ?? Guid.Empty,
            site.Self,
            userId,
            scope,
            parent is null ? AuthMethods.Password : parent.Claims.Methods | AuthMethods.Token,
            issuedAt,
            issuedAt.AddSeconds(Math.Max(1, Math.Floor(lifetime.TotalSeconds))),
            epoch);
        var bytes = TokenCodec.Encode(claims);
        return Judge(TokenCodec.ToText(bytes, key.Sign(bytes)), claims) is { } token ? token : NoRoles(request.Scope);
    }

    /// <summary>NotAuthenticated for whatever is wrong with it: forged, expired, revoked, of a user or project that is no more.</summary>
    public Outcome<ValidToken> Verify(string text) =>
        TokenCodec.TryParse(text, out var claims, out var signedBytes, out var signature)
        && IsSignedByIssuer(claims, signedBytes, signature)
        && Judge(text, claims) is { } token
            ? token
            : Unauthenticated;

    /// <summary>Ends a token everywhere: here now, elsewhere as soon as word gets there. Ending a dead one is NotFound.</summary>
    public async ValueTask<Outcome<Unit>> RevokeAsync(Actor actor, string text, CancellationToken cancellationToken)
    {
        if (Verify(text) is not { IsRefused: false, Value: var token })
        {
            return new Refusal(RefusalKind.NotFound, "Could not find token.");
        }

        if (token.User.Id != actor.UserId && IdentityAccess.RequireAdmin(actor, "identity:revoke_token") is { } refusal)
        {
            return refusal;
        }

        var revocation = new EntityKey(IdentityKinds.Revocation, token.Claims.IdText);
        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                transaction.Set(
                    revocation, "expires_at", FieldValue.From(token.Claims.ExpiresAt.ToUnixTimeMilliseconds()));
                transaction.Set(revocation, "site", FieldValue.FromString(site.SelfText));
                return default(Unit);
            },
            cancellationToken);
    }

    public void Dispose() => _keys.Dispose();

    private static Refusal Unauthenticated { get; } =
        new(RefusalKind.NotAuthenticated, "The request you have made requires authentication.");

    private bool IsSignedByIssuer(TokenClaims claims, byte[] signedBytes, byte[] signature)
    {
        // This site's own key counts even before it has been written to the state, and after that was replaced by joining a cloud.
        if (claims.Issuer == site.Self)
        {
            return _keys.Verify(key.PublicPem, signedBytes, signature);
        }

        var issuer = Replica.FindLive(EntityKinds.Site, claims.Issuer.ToString());
        var publicPem = issuer is not null && issuer.Revocation() is null ? issuer.Text("token_key") : null;
        return publicPem is not null && _keys.Verify(publicPem, signedBytes, signature);
    }

    /// <summary>What the token stands for now; null when it must not be honoured.</summary>
    private ValidToken? Judge(string text, TokenClaims claims)
    {
        if (claims.ExpiresAt <= site.Now
            || Replica.FindLive(IdentityKinds.Revocation, claims.IdText) is not null
            || Replica.FindLive(IdentityKinds.User, claims.UserId) is not { } userEntity
            || userEntity.Json("password", IdentityJson.Default.PasswordHash)?.Epoch != claims.PasswordEpoch)
        {
            return null;
        }

        var user = Replica.FindUser(claims.UserId)!;
        if (!user.IsEnabled || Replica.FindDomain(user.DomainId) is not { IsEnabled: true } userDomain)
        {
            return null;
        }

        var scope = claims.Scope;
        if (scope.Kind == ScopeKind.Unscoped)
        {
            return new ValidToken(text, claims, user, userDomain, null, null, []);
        }

        var project = scope.Kind == ScopeKind.Project ? Replica.FindProject(scope.Id) : null;
        var domain = scope.Kind switch
        {
            ScopeKind.Project => project is { IsEnabled: true } ? Replica.FindDomain(project.DomainId) : null,
            ScopeKind.Domain => Replica.FindDomain(scope.Id),
            _ => null,
        };
        if (scope.Kind != ScopeKind.System && domain is not { IsEnabled: true })
        {
            return null;
        }

        var roles = Replica.RolesIn(user.Id, scope);
        return roles.Count == 0 ? null : new ValidToken(text, claims, user, userDomain, project, domain, roles);
    }

    private Outcome<Proof> ProveByToken(string text)
    {
        var verified = Verify(text);
        return verified.Refusal is { } refusal
            ? refusal
            : new Proof(verified.Value.User.Id, verified.Value.Claims.PasswordEpoch, verified.Value);
    }

    private async ValueTask<Outcome<Proof>> ProveByPasswordAsync(TokenRequest request, CancellationToken cancellationToken)
    {
        var user = request.User is null ? null : Find(IdentityKinds.User, request.User);
        var hash = user?.Json("password", IdentityJson.Default.PasswordHash);
        var matches = await passwords.MatchesAsync(hash ?? PasswordHash.Nobody, request.Password ?? "", cancellationToken);
        return matches && hash is not null && user is not null ? new Proof(user.Id, hash.Epoch, null) : Unauthenticated;
    }

    private TokenScope? ResolveScope(RequestedScope requested, string userId) => requested switch
    {
        RequestedScope.Unscoped => TokenScope.Unscoped,
        RequestedScope.ToSystem => TokenScope.System,
        RequestedScope.ToProject(var project) => Find(IdentityKinds.Project, project) is { } found ? TokenScope.Project(found.Id) : null,
        RequestedScope.ToDomain(var domain) => FindDomain(domain.Id, domain.Name) is { } found ? TokenScope.Domain(found.Id) : null,
        _ => DefaultScope(userId),
    };

    private TokenScope DefaultScope(string userId)
    {
        var projectId = Replica.FindUser(userId)?.DefaultProjectId;
        return projectId is not null
            && Replica.FindProject(projectId) is { IsEnabled: true }
            && Replica.RolesIn(userId, TokenScope.Project(projectId)).Count > 0
                ? TokenScope.Project(projectId)
                : TokenScope.Unscoped;
    }

    private Entity? Find(string kind, IdentityReference reference)
    {
        if (reference.Id is not null)
        {
            return Replica.FindLive(kind, reference.Id);
        }

        return reference.Name is not null && FindDomain(reference.DomainId, reference.DomainName) is { } domain
            ? UniqueNames.Find(Replica.List(kind), domain.Id, reference.Name)
            : null;
    }

    private Entity? FindDomain(string? id, string? name)
    {
        if (id is not null)
        {
            return Replica.FindLive(IdentityKinds.Domain, id);
        }

        return name is null ? null : UniqueNames.Find(Replica.List(IdentityKinds.Domain), "", name);
    }

    /// <summary>The same words whether the scope is unknown, disabled, or the user has no role in it.</summary>
    private static Refusal NoRoles(RequestedScope scope) => scope switch
    {
        RequestedScope.ToProject(var project) => new Refusal(
            RefusalKind.NotAuthenticated, $"The user has no access to project: {project}, or there is no such project."),
        RequestedScope.ToDomain(var domain) => new Refusal(
            RefusalKind.NotAuthenticated, $"The user has no access to domain: {domain}, or there is no such domain."),
        RequestedScope.ToSystem => new Refusal(RefusalKind.NotAuthenticated, "The user has no role in the system."),
        _ => Unauthenticated,
    };

    private readonly record struct Proof(string UserId, long Epoch, ValidToken? Parent);
}
