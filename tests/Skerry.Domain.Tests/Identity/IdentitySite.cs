using Skerry.Domain.Identity;
using Skerry.TestKit.Domain;

namespace Skerry.Domain.Tests.Identity;

/// <summary>A site with identity on top, and passwords that are hashed quickly.</summary>
internal sealed class IdentitySite : IAsyncDisposable
{
    public const string AdminPassword = "correct horse";

    private readonly PasswordVerifier _passwords = new(iterations: 10);

    private IdentitySite(DomainSite site, TimeProvider time)
    {
        Site = site;
        Key = TokenKey.Create();
        Tokens = new TokenService(site.Context with { Time = time }, Key, _passwords, new TokenOptions());
        Users = new UserService(site.Context, _passwords);
        Projects = new ProjectService(site.Context);
        Domains = new DomainService(site.Context);
        Roles = new RoleService(site.Context);
        Assignments = new AssignmentService(site.Context);
        Bootstrap = new IdentityBootstrap(site.Context, _passwords);
        KeyReconciler = new TokenKeyReconciler(site.Context, Key);
    }

    public DomainSite Site { get; }

    public TokenKey Key { get; }

    public TokenService Tokens { get; }

    public UserService Users { get; }

    public ProjectService Projects { get; }

    public DomainService Domains { get; }

    public RoleService Roles { get; }

    public AssignmentService Assignments { get; }

    public IdentityBootstrap Bootstrap { get; }

    public TokenKeyReconciler KeyReconciler { get; }

    /// <summary>A member of a cloud: it takes what the first site made, or makes it when it is the first.</summary>
    public static async Task<IdentitySite> StartAsync(string name, TimeProvider time, IdentitySite? member = null)
    {
        var site = new IdentitySite(await DomainSite.StartAsync(name, time), time);
        if (member is not null)
        {
            await member.Site.SendAsync(site.Site);
        }

        Assert.False((await site.Bootstrap.RunAsync(AdminPassword, CancellationToken.None)).IsRefused);
        await site.KeyReconciler.StepAsync(CancellationToken.None);
        if (member is not null)
        {
            await DomainSite.ExchangeAsync(site.Site, member.Site);
        }

        return site;
    }

    /// <summary>Logs in by name and password for a project by name.</summary>
    public ValueTask<Outcome<ValidToken>> LogInAsync(string user, string password, string? project = "admin") => Tokens.IssueAsync(
        new TokenRequest(
            new IdentityReference(Name: user, DomainId: "default"),
            password,
            null,
            project is null
                ? new RequestedScope.Unscoped()
                : new RequestedScope.ToProject(new IdentityReference(Name: project, DomainId: "default"))),
        CancellationToken.None);

    public async Task<ValidToken> AdminTokenAsync() => (await LogInAsync("admin", AdminPassword)).Value;

    /// <summary>A user with a role in a project of its own name.</summary>
    public async Task<User> AddUserAsync(string name, string password, string role = "member")
    {
        var user = (await Users.CreateAsync(DomainSite.Admin, new NewUser(name, Password: password), CancellationToken.None)).Value;
        var project = (await Projects.CreateAsync(DomainSite.Admin, new NewProject(name), CancellationToken.None)).Value;
        var grant = new RoleAssignment(user.Id, WellKnown.RoleId(role), TokenScope.Project(project.Id));
        Assert.False((await Assignments.GrantAsync(DomainSite.Admin, grant, CancellationToken.None)).IsRefused);
        return user;
    }

    public async ValueTask DisposeAsync()
    {
        Tokens.Dispose();
        Key.Dispose();
        _passwords.Dispose();
        await Site.DisposeAsync();
    }
}
