using System.Globalization;

namespace Skerry.Cli.Output;

/// <summary>Numbers rounded for people: three digits and a unit.</summary>
internal static class Quantity
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Bytes(long bytes)
    {
        double number = bytes;
        var unit = 0;
        while (Math.Abs(number) >= 1024 && unit < Units.Length - 1)
        {
            number /= 1024;
            unit++;
        }

        var digits = unit == 0 || Math.Abs(number) >= 100 ? "0" : Math.Abs(number) >= 10 ? "0.0" : "0.00";
        return string.Create(CultureInfo.InvariantCulture, $"{number.ToString(digits, CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    public static string Seconds(double seconds)
    {
        if (double.IsNaN(seconds) || double.IsInfinity(seconds))
        {
            return "";
        }

        var whole = (long)Math.Abs(seconds);
        return seconds switch
        {
            < 0 => "-" + Seconds(-seconds),
            0 => "0 s",
            < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s"),
            < 3600 => $"{whole / 60} min {whole % 60} s",
            < 86400 => $"{whole / 3600} h {whole % 3600 / 60} min",
            _ => $"{whole / 86400} d {whole % 86400 / 3600} h",
        };
    }
}
