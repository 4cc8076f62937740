using Skerry.Domain.Volumes;
using Skerry.TestKit.Domain;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Volumes;

/// <summary>How fast volumes may be, as administrators specify it by volume type.</summary>
public sealed class QosTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Actor Ann = DomainSite.Member("ann", "p1");
    private static readonly Dictionary<string, string> Slow = new() { ["total_iops_sec"] = "100", ["total_iops_sec_max"] = "500", ["write_bytes_sec"] = "1048576" };

    [Fact]
    public async Task A_volume_is_held_to_the_specs_of_its_type_as_they_are_now()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var volume = (await site.Volumes.CreateAsync(Ann, new() { Name = "disk", SizeGib = 1 }, None)).Value;
        Assert.Equal(VolumeRates.Unlimited, site.Exports.RatesOf(volume.Id));
        Assert.Null(site.Exports.RatesOf("nothing"));

        var spec = (await site.Qos.CreateAsync(DomainSite.Admin, "slow", null, Slow, None)).Value;
        Assert.Equal(("slow", "both"), (spec.Name, spec.Consumer));
        Assert.Null((await site.Qos.AssociateAsync(DomainSite.Admin, spec.Id, volume.TypeId, None)).Refusal);
        Assert.Equal(
            VolumeRates.Unlimited with { TotalOperations = new(100, 500), WriteBytes = new(1 << 20, 0) },
            site.Exports.RatesOf(volume.Id));
        Assert.Equal([new QosAssociation(volume.TypeId, "native")], site.Qos.Associations(DomainSite.Admin, "slow").Value);
        Assert.Equal(spec.Id, site.Types.Show(DomainSite.Admin, "native").Value.QosSpecsId);
        Assert.Null(site.Types.Show(Ann, "native").Value.QosSpecsId);

        await site.Qos.UpdateAsync(
            DomainSite.Admin, "slow", "front-end", new Dictionary<string, string> { ["read_bytes_sec"] = "7" }, ["total_iops_sec", "total_iops_sec_max"], None);
        Assert.Equal(
            VolumeRates.Unlimited with { ReadBytes = new(7, 0), WriteBytes = new(1 << 20, 0) }, site.Exports.RatesOf(volume.Id));

        Assert.Equal(RefusalKind.State, (await site.Qos.DeleteAsync(DomainSite.Admin, "slow", force: false, None)).Refusal!.Kind);
        await site.Qos.DisassociateAsync(DomainSite.Admin, "slow", "native", None);
        Assert.Equal(VolumeRates.Unlimited, site.Exports.RatesOf(volume.Id));
        await site.Qos.AssociateAsync(DomainSite.Admin, "slow", "native", None);
        Assert.Null((await site.Qos.DeleteAsync(DomainSite.Admin, "slow", force: true, None)).Refusal);
        Assert.Equal(VolumeRates.Unlimited, site.Exports.RatesOf(volume.Id));
        Assert.Null(site.Types.Show(DomainSite.Admin, "native").Value.QosSpecsId);
        Assert.Empty(site.Qos.List(DomainSite.Admin).Value);
    }

    [Theory]
    [InlineData("read_iops", "5", "total_iops_sec")]
    [InlineData("size_iops_sec", "5", "total_iops_sec")]
    [InlineData("total_iops_sec_per_gb", "5", "total_iops_sec")]
    [InlineData("total_iops_sec", "0", "whole number")]
    [InlineData("total_iops_sec", "-1", "whole number")]
    [InlineData("total_iops_sec", "many", "whole number")]
    [InlineData("total_iops_sec", "99999999999999999999", "whole number")]
    [InlineData("total_iops_sec_max", "10", "Give total_iops_sec too")]
    public async Task A_rate_that_could_not_be_held_is_refused_and_named(string key, string value, string words)
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var refusal = (await site.Qos.CreateAsync(DomainSite.Admin, "slow", null, new Dictionary<string, string> { [key] = value }, None)).Refusal!;
        Assert.Equal((RefusalKind.Invalid, key), (refusal.Kind, refusal.Field));
        Assert.Contains(words, refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_double_or_is_somebody_elses_is_refused()
    {
        await using var site = await DomainSite.StartAsync("north", new ManualTime());
        var qos = site.Qos;
        Assert.Null((await qos.CreateAsync(DomainSite.Admin, "slow", "front-end", Slow, None)).Refusal);
        Assert.Null((await qos.CreateAsync(DomainSite.Admin, "fast", "front-end", new Dictionary<string, string>(), None)).Refusal);
        Assert.Equal(RefusalKind.Conflict, (await qos.CreateAsync(DomainSite.Admin, "slow", null, Slow, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.Invalid, (await qos.CreateAsync(DomainSite.Admin, "", null, Slow, None)).Refusal!.Kind);
        var backEnd = (await qos.CreateAsync(DomainSite.Admin, "x", "back-end", Slow, None)).Refusal!;
        Assert.Equal("consumer", backEnd.Field);
        Assert.Contains("front-end", backEnd.NextStep, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Invalid, (await qos.UpdateAsync(DomainSite.Admin, "slow", null, Slow, ["nothing"], None)).Refusal!.Kind);

        // Taking a rate away and leaving its burst makes no sense, and changes nothing.
        Assert.Equal(RefusalKind.Invalid, (await qos.UpdateAsync(DomainSite.Admin, "slow", null, new Dictionary<string, string>(), ["total_iops_sec"], None)).Refusal!.Kind);
        Assert.Equal(Slow, qos.Show(DomainSite.Admin, "slow").Value.Specs);

        Assert.Equal(RefusalKind.NotFound, qos.Show(DomainSite.Admin, "nothing").Refusal!.Kind);
        Assert.Equal(RefusalKind.NotFound, (await qos.AssociateAsync(DomainSite.Admin, "nothing", "native", None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotFound, (await qos.AssociateAsync(DomainSite.Admin, "slow", "nothing", None)).Refusal!.Kind);
        Assert.Null((await qos.AssociateAsync(DomainSite.Admin, "slow", "native", None)).Refusal);
        Assert.Equal(RefusalKind.Invalid, (await qos.AssociateAsync(DomainSite.Admin, "fast", "native", None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, qos.List(Ann).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await qos.CreateAsync(Ann, "mine", null, Slow, None)).Refusal!.Kind);
        Assert.Equal(RefusalKind.NotAllowed, (await qos.DeleteAsync(Ann, "slow", true, None)).Refusal!.Kind);
    }
}
