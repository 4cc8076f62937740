using Skerry.Host.Configuration;

namespace Skerry.Host.Tests.Configuration;

public sealed class SampleTests
{
    public static TheoryData<string> Samples => [.. Directory.GetFiles(SamplesDirectory(), "*.conf").Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_is_a_valid_configuration(string sample)
    {
        var (site, mistakes) = ConfigurationReader.Read(
            File.ReadAllText(Path.Combine(SamplesDirectory(), sample)), new Dictionary<string, string>(), new Dictionary<string, string>());
        Assert.Empty(mistakes);
        Assert.NotEmpty(site!.Backends);
    }

    private static string SamplesDirectory()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skerry.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return Path.Combine(directory, "samples");
    }
}
