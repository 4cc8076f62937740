using System.Text.Json;
using Skerry.Client.Native;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;

namespace Skerry.Api.Tests.Native;

/// <summary>What concerns more than one site: sites, replications, operations that wait, conflicts, changes.</summary>
public sealed class CloudApiTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private NativeSite _site = null!;
    private DomainSite _south = null!;

    public async ValueTask InitializeAsync()
    {
        _site = await NativeSite.StartAsync();
        _south = await DomainSite.StartAsync("south", TimeProvider.System);
        await ExchangeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _south.DisposeAsync();
        await _site.DisposeAsync();
    }

    private SkerryClient Client => _site.Client;

    private Task ExchangeAsync() => DomainSite.ExchangeAsync(_site.Api.Site, _south);

    private async Task<string> VolumeAsync(string name, string? site = null)
    {
        var reply = await Client.Volumes.CreateAsync(new VolumeCreateRequest(name, null, 1, null, site, null, null, null), None);
        if (site is null)
        {
            await Client.Operations.PollAsync(reply.OperationId!, TimeSpan.FromSeconds(20), None);
        }

        return reply.Volume.Id;
    }

    [Fact]
    public async Task Sites_are_shown_by_name_and_id_and_the_answering_one_says_so()
    {
        var sites = await Client.Sites.ListAsync(None);
        Assert.Equal(["north", "south"], sites.Select(s => s.Name).Order());
        var self = sites.Single(s => s.IsSelf);
        Assert.Equal(("north", "connected"), (self.Name, self.State));
        Assert.Equal("ssd", Assert.Single(self.Backends!).Name);
        Assert.Equal("unknown", sites.Single(s => !s.IsSelf).State);
        Assert.Equal(self.Id, (await Client.Sites.ShowAsync("north", None)).Id);
        Assert.Equal(self.Id, (await Client.Sites.ShowAsync(self.Id, None)).Id);
    }

    [Fact]
    public async Task The_root_says_which_site_answers()
    {
        var version = await Client.VersionAsync(None);
        Assert.Equal(("v1", "north", "north"), (version.Version, version.SiteName, version.Region));
    }

    [Fact]
    public async Task What_is_ordered_at_another_site_waits_there_and_can_be_cancelled_or_followed()
    {
        var volume = await VolumeAsync("ordered", "south");
        Assert.Equal("creating", (await Client.Volumes.ShowAsync(volume, None)).Status);
        var operation = Assert.Single(await Client.Operations.ListAsync("queued", volume, "south", None));
        Assert.Equal(("volume.create", "south", "admin"), (operation.Kind, operation.TargetSite, operation.MadeBy));
        Assert.Equal("queued", (await Client.Operations.PollAsync(operation.Id, TimeSpan.FromSeconds(1), None)).Status);

        var follow = Client.Operations.PollAsync(operation.Id, TimeSpan.FromSeconds(20), None);
        await ExchangeAsync();
        await _south.SettleAsync();
        await ExchangeAsync();
        Assert.Equal("succeeded", (await follow).Status);
        Assert.Equal("available", (await Client.Volumes.ShowAsync(volume, None)).Status);

        var other = await VolumeAsync("unwanted", "south");
        var queued = Assert.Single(await Client.Operations.ListAsync(null, other, null, None));
        Assert.True((await Client.Operations.CancelAsync(queued.Id, None)).CancelRequested);
        await ExchangeAsync();
        await _south.SettleAsync();
        await ExchangeAsync();
        Assert.Equal("cancelled", (await Client.Operations.ShowAsync(queued.Id, None)).Status);
    }

    [Fact]
    public async Task A_conflict_is_listed_settled_by_a_person_and_kept_in_the_history()
    {
        var volume = await VolumeAsync("data");
        await ExchangeAsync();
        await Client.Volumes.UpdateAsync(volume, new VolumeUpdateRequest("as-north-says", null, null), None);
        await _south.Volumes.UpdateAsync(DomainSite.Admin, volume, new UpdateVolumeRequest { Name = "as-south-says" }, None);
        await ExchangeAsync();

        var conflict = Assert.Single(await Client.Conflicts.ListAsync(new(), None));
        Assert.Equal(("volume", volume, "name"), (conflict.EntityKind, conflict.EntityId, conflict.Field));
        var loser = Assert.Single(conflict.Losers);
        Assert.Equal(["north", "south"], new[] { conflict.Winner!.Site, loser.Site }.Order());
        Assert.Equal(conflict.Winner.Value!.Value.GetString(), (await Client.Conflicts.ShowAsync(conflict.Id, None)).EntityName);

        await Client.Conflicts.ResolveAsync(conflict.Id, new ConflictResolveRequest(1, null), None);
        Assert.Empty(await Client.Conflicts.ListAsync(new(), None));
        Assert.Equal(loser.Value!.Value.GetString(), (await Client.Volumes.ShowAsync(volume, None)).Name);
        var settled = Assert.Single(await Client.Conflicts.HistoryAsync(new(), None));
        Assert.Equal("admin", settled.By.Author);
        Assert.Equal(2, settled.Replaced.Count);

        await Client.Conflicts.UndoAsync(settled.Id, new ConflictUndoRequest(null), None);
        Assert.Equal(conflict.Winner.Value!.Value.GetString(), (await Client.Volumes.ShowAsync(volume, None)).Name);
        Assert.True(Assert.Single(await Client.Conflicts.HistoryAsync(new(Site: "south"), None)).WrittenSince);
        Assert.Empty(await Client.Conflicts.HistoryAsync(new(Kind: "user"), None));
    }

    [Fact]
    public async Task A_conflict_is_settled_by_a_value_of_its_own()
    {
        var volume = await VolumeAsync("data");
        await ExchangeAsync();
        await Client.Volumes.UpdateAsync(volume, new VolumeUpdateRequest("a", null, null), None);
        await _south.Volumes.UpdateAsync(DomainSite.Admin, volume, new UpdateVolumeRequest { Name = "b" }, None);
        await ExchangeAsync();
        var conflict = Assert.Single(await Client.Conflicts.ListAsync(new(), None));
        await Client.Conflicts.ResolveAsync(conflict.Id, new ConflictResolveRequest(null, JsonSerializer.SerializeToElement("c")), None);
        Assert.Equal("c", (await Client.Volumes.ShowAsync(volume, None)).Name);
    }

    [Fact]
    public async Task A_replication_is_made_shown_paused_resumed_and_ended()
    {
        var volume = await VolumeAsync("data");
        var made = await Client.Replications.CreateAsync(
            new ReplicationCreateRequest { VolumeId = volume, TargetSite = "south", Mode = "periodic", IntervalSeconds = 900, OnReturn = "wait" }, None);
        var shown = await Client.Replications.ShowAsync(made.Replication.Id, None);
        Assert.Equal(("data", "north", "south", "ssd"), (shown.VolumeName, shown.SourceSite, shown.TargetSite, shown.TargetBackend));
        Assert.Equal(("periodic", 900L, "wait", "north"), (shown.Mode, shown.IntervalSeconds, shown.OnReturn, shown.HomeSite));
        Assert.NotEqual("", shown.Status);
        Assert.Equal(shown.Id, Assert.Single(await Client.Replications.ListAsync(volume, None)).Id);
        Assert.True((await Client.Replications.ActAsync(shown.Id, "pause", None)).Replication.Paused);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => Client.Replications.ActAsync(shown.Id, "sync", None));
        Assert.Equal((409, "state"), (refused.Error.Code, refused.Error.Kind));
        Assert.NotNull(refused.Error.NextStep);
        Assert.False((await Client.Replications.ActAsync(shown.Id, "resume", None)).Replication.Paused);
        await Client.Replications.ActAsync(shown.Id, "sync", None);
        var second = await Assert.ThrowsAsync<RefusedException>(() => Client.Replications.CreateAsync(
            new ReplicationCreateRequest { VolumeId = volume, TargetSite = "south" }, None));
        Assert.Equal((409, "conflict"), (second.Error.Code, second.Error.Kind));
        await Client.Replications.DeleteAsync(shown.Id, None);
        Assert.Empty(await Client.Replications.ListAsync(null, None));
    }

    [Fact]
    public async Task What_is_chosen_about_a_replication_is_changed_while_it_lives()
    {
        var volume = await VolumeAsync("data");
        var id = (await Client.Replications.CreateAsync(
            new ReplicationCreateRequest { VolumeId = volume, TargetSite = "south" }, None)).Replication.Id;
        var daily = (await Client.Replications.UpdateAsync(
            id, new ReplicationSettingsRequest { Mode = "periodic", At = "02:30", Days = "mon-fri", TimeZone = "Europe/Berlin" }, None)).Replication;
        Assert.Equal(("periodic", "02:30", "mon-fri", "Europe/Berlin"), (daily.Mode, daily.At, daily.Days, daily.TimeZone));
        var berlin = TimeZoneInfo.ConvertTime(daily.NextRunAt!.Value, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        Assert.DoesNotContain(berlin.DayOfWeek, new[] { DayOfWeek.Saturday, DayOfWeek.Sunday });

        // Saying the same again, or something else, leaves the schedule as it is.
        var again = (await Client.Replications.UpdateAsync(id, new ReplicationSettingsRequest { Days = "mon-fri", OnReturn = "wait" }, None)).Replication;
        Assert.Equal((daily.NextRunAt, "wait"), (again.NextRunAt, again.OnReturn));

        var hourly = (await Client.Replications.UpdateAsync(id, new ReplicationSettingsRequest { IntervalSeconds = 3600 }, None)).Replication;
        Assert.Equal((null, null, 3600L), (hourly.At, hourly.TimeZone, hourly.IntervalSeconds));
        var wrong = await Assert.ThrowsAsync<RefusedException>(() =>
            Client.Replications.UpdateAsync(id, new ReplicationSettingsRequest { At = "02:30", TimeZone = "Europe/Atlantis" }, None));
        Assert.Equal((400, "time_zone"), (wrong.Error.Code, wrong.Error.Field));
        var instant = (await Client.Replications.UpdateAsync(id, new ReplicationSettingsRequest { Mode = "instant" }, None)).Replication;
        Assert.Equal(("instant", null, null), (instant.Mode, instant.IntervalSeconds, instant.NextRunAt));
    }

    [Fact]
    public async Task Changes_are_streamed_as_they_become_durable()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/skerry/v1/events");
        request.Headers.Add("X-Auth-Token", await _site.Api.TokenAsync());
        using var response = await _site.Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.Equal("event: everything", await reader.ReadLineAsync(time.Token));
        var volume = await VolumeAsync("data");
        for (var seen = false; !seen;)
        {
            seen = await reader.ReadLineAsync(time.Token) == $$"""data: {"kind":"volume","id":"{{volume}}"}""";
        }
    }

    [Fact]
    public async Task An_invitation_is_made_listed_and_revoked()
    {
        var made = await Client.Sites.InviteAsync(new SiteInviteRequest("west", "127.0.0.1:8777", 60), None);
        Assert.NotNull(made.Token);
        var listed = Assert.Single(await Client.Sites.InvitationsAsync(None));
        Assert.Equal((made.Id, "west", "north"), (listed.Id, listed.ForName, listed.InvitedBy));
        Assert.Null(listed.Token);
        await Client.Sites.RevokeAsync(made.Id, None);
        Assert.Empty(await Client.Sites.InvitationsAsync(None));
    }

    [Fact]
    public async Task Users_projects_types_and_quotas_go_through_the_same_client()
    {
        var project = await Client.Projects.CreateAsync(new ProjectRequest("web", null, null, null), None);
        var user = await Client.Users.CreateAsync(new UserRequest("carla", null, project.Id, null, null, "pass-word", null), None);
        await Client.Users.GrantAsync(user.Id, project.Id, "member", None);
        Assert.Equal("carla", Assert.Single(await Client.Users.ListAsync("carla", None)).Name);
        Assert.Empty(await _site.ClientOf("carla", "pass-word", "web").Volumes.ListAsync(null, null, null, false, None));
        Assert.Equal("carla.c", (await Client.Users.UpdateAsync(user.Id, new UserRequest("carla.c", null, null, null, null, null, null), None)).Name);
        Assert.NotEmpty(await Client.VolumeTypes.ListAsync(None));
        Assert.Equal((10, "soft"), ((await Client.Quotas.ShowAsync(project.Id, None)).Limits[0].Limit, (await Client.Quotas.ShowAsync(project.Id, None)).Mode));
        Assert.Equal(3, (await Client.Quotas.SetAsync(project.Id, new QuotaSetRequest(3, null, null, null, null), None)).Limits[0].Limit);
        Assert.Equal(1000, (await Client.Quotas.ShowAsync(project.Id, None)).Limits[1].Limit);
        var hard = await Client.Quotas.SetAsync(project.Id, new QuotaSetRequest(null, null, null, true, null), None);
        Assert.Equal(("hard", "north"), (hard.Mode, hard.Home));
        Assert.Contains(hard.Limits[0].Shares, s => s.Site == "north");
        await Assert.ThrowsAnyAsync<Exception>(() => Client.Quotas.SetAsync(project.Id, new QuotaSetRequest(null, null, null, null, "nowhere"), None));
        await Client.Users.DeleteAsync(user.Id, None);
        await Client.Projects.DeleteAsync(project.Id, None);
        Assert.Empty(await Client.Users.ListAsync("carla.c", None));
    }
}
