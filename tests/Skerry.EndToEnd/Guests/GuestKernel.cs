using System.Text;

namespace Skerry.EndToEnd.Guests;

/// <summary>Debian's cloud kernel with its modules, as <c>make setup</c> has put it at <c>artifacts/guest</c>.</summary>
internal sealed class GuestKernel
{
    private readonly Dictionary<string, string> _modules;

    private GuestKernel(string directory)
    {
        ImagePath = Path.Combine(directory, "vmlinuz");
        if (!File.Exists(ImagePath))
        {
            throw new InvalidOperationException("artifacts/guest/vmlinuz is missing, so no guest can boot: run make setup, which fetches Debian's linux-image-cloud-amd64");
        }

        _modules = Directory.GetFiles(Path.Combine(directory, "modules"), "*.ko").ToDictionary(file => Named(Path.GetFileNameWithoutExtension(file)), StringComparer.Ordinal);
    }

    public string ImagePath { get; }

    public static GuestKernel Find() => new(Checkout.PathOf("artifacts", "guest"));

    /// <summary>Files of the named modules and of all that they need, each after those that it needs.</summary>
    public IReadOnlyList<string> WithDependencies(params IEnumerable<string> names)
    {
        var ordered = new List<string>();
        foreach (var name in names)
        {
            Add(name, ordered);
        }

        return ordered;
    }

    private static string Named(string module) => module.Replace('-', '_');

    private void Add(string name, List<string> ordered)
    {
        if (!_modules.TryGetValue(Named(name), out var file))
        {
            throw new InvalidOperationException($"artifacts/guest/modules has no {name}.ko: remove artifacts/guest and run make setup");
        }

        if (!ordered.Contains(file))
        {
            foreach (var needed in Needs(file))
            {
                Add(needed, ordered);
            }

            ordered.Add(file);
        }
    }

    /// <summary>A module names those that it needs in its section .modinfo, as <c>depends=a,b</c> and a zero byte.</summary>
    private static string[] Needs(string file)
    {
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(file);
        var key = "\0depends="u8;
        var at = bytes.IndexOf(key);
        if (at < 0)
        {
            return [];
        }

        var value = bytes[(at + key.Length)..];
        return Encoding.ASCII.GetString(value[..value.IndexOf((byte)0)]).Split(',', StringSplitOptions.RemoveEmptyEntries);
    }
}
