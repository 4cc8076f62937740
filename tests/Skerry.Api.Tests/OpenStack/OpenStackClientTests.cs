using System.Text.Json.Nodes;
using Skerry.TestKit.Processes;

namespace Skerry.Api.Tests.OpenStack;

/// <summary>The stock client as it is installed, as a process of its own.</summary>
public sealed class OpenStackClientTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_stock_client_works_with_volumes_snapshots_users_and_projects()
    {
        await using var site = await ApiSite.StartAsync();
        var output = await RunAsync(
            site,
            "token issue -f value -c project_id",
            "volume create disk --size 1 --property k=v -f value -c status",
            "volume list -f value -c Name -c Size",
            "volume set disk --name data --description words --property a=b",
            "volume show data -f json",
            "volume snapshot create snap --volume data -f value -c name",
            "volume snapshot list -f value -c Name",
            "volume type list -f value -c Name",
            "availability zone list --volume -f value",
            "project create web --description site -f value -c name",
            "user create ann --project web --password pw -f value -c name",
            "role add --user ann --project web member",
            "role assignment list --user ann --names -f value -c Role -c User -c Project",
            "project list -f value -c Name",
            "user list -f value -c Name",
            "catalog list -f value -c Type",
            "volume service list -f value -c Host -c State");

        Assert.Equal(Skerry.Domain.Identity.WellKnown.AdminProjectId, output[0]);
        Assert.Equal("creating", output[1]);
        Assert.Equal("disk 1", output[2]);
        var shown = JsonNode.Parse(output[4])!;
        Assert.Equal(("data", "words", "north"), (
            (string?)shown["name"], (string?)shown["description"], (string?)shown["availability_zone"]));
        Assert.Equal(("v", "b"), ((string?)shown["properties"]!["k"], (string?)shown["properties"]!["a"]));
        Assert.Equal(["snap", "snap", "native", "north available"], output[5..9]);
        Assert.Equal(["web", "ann"], output[9..11]);
        Assert.Equal("member ann@Default web@Default", output[12]);
        Assert.Equal("admin\nweb", output[13]);
        Assert.Equal("admin\nann", output[14]);
        Assert.Equal("block-storage\nidentity\nimage\nskerry\nvolumev3", string.Join('\n', output[15].Split('\n').Order()));
        Assert.Equal("north@ssd up", output[16]);

        // The other stock client, which asks for the newest version that both know.
        var cinder = await ProgramRun.RunAsync(
            "cinder", ["list", "--sort", "name:asc"], Limit, CancellationToken.None, Environment(site));
        Assert.True(cinder.ExitCode == 0, cinder.Errors);
        Assert.Contains("| data |", cinder.Output);
        Assert.Contains("downgrading to 3.67", cinder.Errors + cinder.Output);

        // Extending waits for the snapshot, and deleting for the extension.
        await site.Site.SettleAsync();
        await RunAsync(site, "volume set data --size 2");
        await site.Site.SettleAsync();
        await RunAsync(site, "volume delete --purge data");
        await site.Site.SettleAsync();
        Assert.Empty(site.Site.Volumes.List(TestKit.Domain.DomainSite.Admin, new()));

        var refused = await ProgramRun.RunAsync(
            "openstack", ["volume", "show", "nothing"], Limit, CancellationToken.None, Environment(site));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("No volume with a name or ID of 'nothing' exists", refused.Errors);
        var wrong = Environment(site);
        wrong["OS_PASSWORD"] = "wrong";
        var unknown = await ProgramRun.RunAsync("openstack", ["token", "issue"], Limit, CancellationToken.None, wrong);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("The request you have made requires authentication. (HTTP 401)", unknown.Errors);
    }

    [Fact]
    public async Task The_stock_client_specifies_how_fast_volumes_may_be()
    {
        await using var site = await ApiSite.StartAsync();
        var output = await RunAsync(
            site,
            "volume qos create slow --consumer front-end --property total_iops_sec=500 -f value -c name -c consumer",
            "volume qos set slow --property total_iops_sec_max=1000 --property read_bytes_sec=1048576",
            "volume qos unset slow --property read_bytes_sec",
            "volume qos associate slow native",
            "volume qos list -f json",
            "volume qos show slow -f json",
            "volume create disk --size 1 -f value -c id",
            "volume qos disassociate slow --volume-type native",
            "volume qos disassociate slow --all",
            "volume qos associate slow native");
        Assert.Equal("front-end\nslow", output[0]);
        var listed = JsonNode.Parse(output[4])!.AsArray().Single()!;
        Assert.Equal(("slow", "front-end", "native"), ((string?)listed["Name"], (string?)listed["Consumer"], (string?)listed["Associations"]![0]));
        Assert.Equal("""{"total_iops_sec":"500","total_iops_sec_max":"1000"}""", JsonNode.Parse(output[5])!["properties"]!.ToJsonString());
        Assert.Equal(
            Domain.Volumes.VolumeRates.Unlimited with { TotalOperations = new(500, 1000) }, site.Site.Exports.RatesOf(output[6]));

        var inUse = await ProgramRun.RunAsync("openstack", ["volume", "qos", "delete", "slow"], Limit, CancellationToken.None, Environment(site));
        Assert.NotEqual(0, inUse.ExitCode);
        Assert.Contains("still in use", inUse.Errors);
        await RunAsync(site, "volume qos delete --force slow");
        Assert.Equal(Domain.Volumes.VolumeRates.Unlimited, site.Site.Exports.RatesOf(output[6]));
    }

    /// <summary>Runs the commands in one process, which takes them from its input; gives what each printed.</summary>
    private static async Task<string[]> RunAsync(ApiSite site, params string[] commands)
    {
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(script, commands.SelectMany(command => new[] { command, "!echo =====" }));
            var run = await ProgramRun.RunAsync(
                "sh", ["-c", $"openstack < {script}"], Limit, CancellationToken.None, Environment(site));
            Assert.True(run.ExitCode == 0 && run.Errors.Length == 0, $"{run.Output}\n{run.Errors}");
            var parts = run.Output.Replace("(openstack) ", "").Split("=====");
            return [.. parts.SkipLast(1).Select(part => part.Trim())];
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static Dictionary<string, string?> Environment(ApiSite site) => new()
    {
        ["OS_AUTH_URL"] = $"{site.Address}/identity/v3",
        ["OS_USERNAME"] = "admin",
        ["OS_PASSWORD"] = ApiSite.AdminPassword,
        ["OS_PROJECT_NAME"] = "admin",
        ["OS_USER_DOMAIN_NAME"] = "Default",
        ["OS_PROJECT_DOMAIN_NAME"] = "Default",
        ["OS_IDENTITY_API_VERSION"] = "3",
    };
}
