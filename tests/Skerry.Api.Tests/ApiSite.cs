using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skerry.Api.Common;
using Skerry.Api.OpenStack;
using Skerry.Domain;
using Skerry.Domain.Identity;
using Skerry.Domain.Sites;
using Skerry.State;
using Skerry.State.Merging;
using Skerry.TestKit.Domain;

namespace Skerry.Api.Tests;

/// <summary>A site in this process, with the real services over a store and a disk in memory, behind Kestrel on a free port.</summary>
internal sealed class ApiSite : IAsyncDisposable
{
    public const string AdminPassword = "correct horse";

    private readonly PasswordVerifier _passwords;
    private readonly TokenKey _key;
    private readonly WebApplication _app;
    private readonly ChangeFeed _feed;
    private readonly Task _settling;

    private ApiSite(DomainSite site, WebApplication app, TokenKey key, PasswordVerifier passwords)
    {
        Site = site;
        _app = app;
        _key = key;
        _passwords = passwords;
        Address = app.Urls.Single();
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(Address) };
        _feed = site.Replica.Subscribe(key => key.Kind == EntityKinds.Operation);
        _settling = SettleAsync();
    }

    public DomainSite Site { get; }

    public string Address { get; }

    public HttpClient Http { get; }

    public T Service<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<ApiSite> StartAsync(
        string name = "north", Action<WebApplication>? map = null, Action<IServiceCollection>? add = null)
    {
        var site = await DomainSite.StartAsync(name, TimeProvider.System);
        var passwords = new PasswordVerifier(iterations: 10);
        var key = TokenKey.Create();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddSingleton(passwords);
        builder.Services.AddSingleton(key);
        builder.Services.AddSingleton(site.Context);
        builder.Services.AddSingleton(site.Operations);
        builder.Services.AddSingleton(site.Volumes);
        builder.Services.AddSingleton(site.Snapshots);
        builder.Services.AddSingleton(site.Diffs);
        builder.Services.AddSingleton(site.Types);
        builder.Services.AddSingleton(site.Qos);
        builder.Services.AddSingleton(site.Quotas);
        builder.Services.AddSingleton(site.Connections);
        builder.Services.AddSingleton(site.Attachments);
        builder.Services.AddSingleton(site.Conflicts);
        builder.Services.AddSingleton(site.ConflictHistory);
        builder.Services.AddSingleton(new SiteService(site.Context, new NoLinks()));
        builder.Services.AddSkerryApi();
        add?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseSkerryApi();
        app.MapOpenStack();
        map?.Invoke(app);
        await app.StartAsync();

        await site.Replica.CommitAsync(
            transaction =>
            {
                var self = new EntityKey(EntityKinds.Site, site.Context.SelfText);
                transaction.Set(self, "region", FieldValue.FromString(name));
                transaction.Set(self, "role", FieldValue.FromString("edge"));
                transaction.Set(self, "api_url", FieldValue.FromString(app.Urls.Single()), DomainSchema.OwnerRank);
                return default(Unit);
            },
            new CommitOptions("start"),
            CancellationToken.None);
        await app.Services.GetRequiredService<IdentityBootstrap>().RunAsync(AdminPassword, CancellationToken.None);
        await app.Services.GetRequiredService<TokenKeyReconciler>().StepAsync(CancellationToken.None);
        return new ApiSite(site, app, key, passwords);
    }

    /// <summary>The token of a user in a project.</summary>
    public async Task<string> TokenAsync(string user = "admin", string password = AdminPassword, string project = "admin") =>
        (await LogInAsync(Service<TokenService>(), user, password, project)).Value.Text;

    /// <summary>A token that was good two hours ago.</summary>
    public async Task<string> ExpiredTokenAsync()
    {
        var past = Site.Context with { Time = new TestKit.Time.ManualTime(DateTimeOffset.UtcNow.AddHours(-2)) };
        using var tokens = new TokenService(past, _key, _passwords, new TokenOptions());
        return (await LogInAsync(tokens, "admin", AdminPassword, "admin")).Value.Text;
    }

    /// <summary>A token of everything right but the key.</summary>
    public async Task<string> ForgedTokenAsync()
    {
        using var key = TokenKey.Create();
        using var tokens = new TokenService(Site.Context, key, _passwords, new TokenOptions());
        return (await LogInAsync(tokens, "admin", AdminPassword, "admin")).Value.Text;
    }

    /// <summary>Adds a user with a role in a project of the same name, and logs it in.</summary>
    public async Task<string> AddUserAsync(string name, string role = "member")
    {
        var none = CancellationToken.None;
        var user = await Service<UserService>().CreateAsync(DomainSite.Admin, new NewUser(name, Password: name), none);
        var project = await Service<ProjectService>().CreateAsync(DomainSite.Admin, new NewProject(name), none);
        var grant = new RoleAssignment(user.Value.Id, WellKnown.RoleId(role), TokenScope.Project(project.Value.Id));
        Assert.False((await Service<AssignmentService>().GrantAsync(DomainSite.Admin, grant, none)).IsRefused);
        return await TokenAsync(name, name, name);
    }

    public async Task<HttpResponseMessage> SendAsync(
        string method, string path, string? token = null, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Auth-Token", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        return await Http.SendAsync(request);
    }

    /// <summary>Sends, requires the status, and reads the body.</summary>
    public async Task<JsonObject> JsonAsync(
        string method, string path, string token, int status, string? body = null, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(method, path, token, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _feed.Dispose();
        await _settling;
        await Site.DisposeAsync();
        _key.Dispose();
        _passwords.Dispose();
    }

    private static ValueTask<Outcome<ValidToken>> LogInAsync(TokenService tokens, string user, string password, string project) =>
        tokens.IssueAsync(
            new TokenRequest(
                new IdentityReference(Name: user, DomainId: "default"),
                password,
                null,
                new RequestedScope.ToProject(new IdentityReference(Name: project, DomainId: "default"))),
            CancellationToken.None);

    /// <summary>Carries out what was asked for, as the host's loops do.</summary>
    private async Task SettleAsync()
    {
        try
        {
            while (true)
            {
                await _feed.ReadAsync(CancellationToken.None);
                await Site.SettleAsync();
            }
        }
        catch (ChannelClosedException)
        {
            // The test is over.
        }
    }

    private sealed class NoLinks : ILinkStatus
    {
        public IReadOnlyList<LinkReport> Reports => [];
    }
}
