using System.Security.Cryptography.X509Certificates;
using Skerry.Domain;
using Skerry.Host.Files;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync.Transport;

namespace Skerry.Host.Tests.Files;

public sealed class CredentialReconcilerTests : IAsyncLifetime
{
    private readonly string _path = Directory.CreateTempSubdirectory("skerry-credentials-").FullName;
    private DataDirectory _directory = null!;
    private Replica _replica = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = DataDirectory.Open(_path);
        _directory.WritePrivate("admin-openrc", "own openrc");
        _directory.WritePrivate("clouds.yaml", "own clouds");
        _replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = SiteId.Create(new Random(1)), Schema = DomainSchema.Schema },
            new MemoryStore(), TimeProvider.System, new Random(1), TestContext.Current.CancellationToken);
        await SetAsync("cloud", "cloud", "id", "cloud-one");
    }

    public async ValueTask DisposeAsync()
    {
        await _replica.DisposeAsync();
        _directory.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public async Task Credentials_stay_while_the_site_is_in_its_cloud()
    {
        Assert.Empty((await StepAsync()).Reports);
        Assert.Empty((await StepAsync()).Reports);
        Assert.Equal("own openrc", Text("admin-openrc"));
        Assert.Equal("cloud-one", Text("cloud-id").Trim());
    }

    [Fact]
    public async Task After_a_join_they_are_moved_aside_once_and_the_log_says_so()
    {
        await StepAsync();
        await SetAsync("cloud", "cloud", "id", "cloud-two");

        var report = Assert.Single((await StepAsync()).Reports);
        Assert.Contains("admin-openrc and clouds.yaml", report.Message);
        Assert.Contains("cloud-two", report.Message);
        Assert.False(File.Exists(_directory.PathOf("admin-openrc")));
        Assert.False(File.Exists(_directory.PathOf("clouds.yaml")));
        Assert.Equal("own openrc", Text("admin-openrc.before-join"));
        Assert.Equal("own clouds", Text("clouds.yaml.before-join"));

        // What an operator puts there afterwards is for the cloud that the site is in now.
        _directory.WritePrivate("clouds.yaml", "new clouds");
        Assert.Empty((await StepAsync()).Reports);
        Assert.Equal("new clouds", Text("clouds.yaml"));
    }

    [Fact]
    public async Task A_step_that_was_killed_half_way_is_finished_by_the_next()
    {
        await StepAsync();
        await SetAsync("cloud", "cloud", "id", "cloud-two");
        File.Move(_directory.PathOf("admin-openrc"), _directory.PathOf("admin-openrc.before-join"));

        Assert.Single((await StepAsync()).Reports);
        Assert.Equal("own openrc", Text("admin-openrc.before-join"));
        Assert.Equal("own clouds", Text("clouds.yaml.before-join"));
    }

    [Fact]
    public async Task The_certificates_of_all_sites_but_the_fenced_are_kept_for_clients()
    {
        var pems = new List<string>();
        foreach (var name in new[] { "hub", "north", "south" })
        {
            using var certificate = SiteCertificate.CreateInMemory(name, TimeProvider.System);
            pems.Add(certificate.Pem);
            await SetAsync("site", SiteId.Create(new Random(pems.Count)).ToString(), "certificate", certificate.Pem);
        }

        await StepAsync();
        var all = Trusted();
        Assert.Equal(3, all.Count);

        var south = SiteId.Create(new Random(3)).ToString();
        await _replica.CommitAsync(
            t => t.Set(
                new EntityKey("site", south), "verdict", FieldValue.FromJson("""{"state":"fenced","by":"ada","at":"2026-01-01T00:00:00Z"}""")),
            new CommitOptions("test"), TestContext.Current.CancellationToken);
        await StepAsync();
        Assert.Equal(2, Trusted().Count);
        Assert.DoesNotContain(Trusted(), c => c.Subject.Contains("CN=south", StringComparison.Ordinal));
    }

    private ValueTask<StepResult> StepAsync() => new CredentialReconciler(_replica, _directory).StepAsync(TestContext.Current.CancellationToken);

    private string Text(string name) => File.ReadAllText(_directory.PathOf(name));

    private X509Certificate2Collection Trusted()
    {
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(_directory.PathOf("cloud.crt"));
        return trusted;
    }

    private async Task SetAsync(string kind, string id, string field, string value) =>
        await _replica.CommitAsync(
            t => t.Set(new EntityKey(kind, id), field, FieldValue.FromString(value)), new CommitOptions("test"), TestContext.Current.CancellationToken);
}
