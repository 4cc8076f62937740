using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Skerry.Host.Telemetry;

/// <summary>
/// Collects what the parts measure through <see cref="Meter"/> and prints it in Prometheus' text format, version 0.0.4
/// (source: the exposition format page of the Prometheus documentation). Names gain their unit and, for counters, <c>_total</c>.
/// </summary>
internal sealed class PrometheusPage : IDisposable
{
    private static readonly double[] Bounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly MeterListener _listener = new();
    private readonly Lock _rendering = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Series> _series = new();
    private readonly ConcurrentDictionary<string, (string Kind, string Help)> _families = new();

    public PrometheusPage()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Skerry.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Record(i, v, tags));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Record(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Record(i, v, tags));
        _listener.Start();
    }

    public string Render()
    {
        // One at a time: a page forgets what is observed before it asks again.
        lock (_rendering)
        {
            return RenderAll();
        }
    }

    public void Dispose() => _listener.Dispose();

    private string RenderAll()
    {
        // A gauge whose instrument no longer names a label (a volume that was deleted) must vanish from the page.
        foreach (var key in _series.Where(s => s.Value.IsObserved).Select(s => s.Key).ToList())
        {
            _series.TryRemove(key, out _);
        }

        _listener.RecordObservableInstruments();
        var page = new StringBuilder();
        foreach (var family in _series.GroupBy(s => s.Key.Name).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            var (kind, help) = _families[family.Key];
            page.Append("# HELP ").Append(family.Key).Append(' ').Append(Escape(help)).Append('\n');
            page.Append("# TYPE ").Append(family.Key).Append(' ').Append(kind).Append('\n');
            foreach (var ((name, labels), series) in family.OrderBy(s => s.Key.Labels, StringComparer.Ordinal))
            {
                series.Print(page, name, labels);
            }
        }

        return page.ToString();
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var type = instrument.GetType();
        var open = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        var kind = open == typeof(Histogram<>) ? "histogram"
            : open == typeof(Counter<>) || open == typeof(ObservableCounter<>) ? "counter" : "gauge";
        var name = Name(instrument, kind);
        _families.TryAdd(name, (kind, instrument.Description ?? ""));
        var series = _series.GetOrAdd((name, Labels(tags)), _ => new Series(kind, instrument.IsObservable));
        var adds = kind != "gauge" || open == typeof(UpDownCounter<>);
        series.Record(value, adds && !instrument.IsObservable);
    }

    private static string Name(Instrument instrument, string kind)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var name = new StringBuilder(instrument.Name.Length);
        foreach (var c in instrument.Name)
        {
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }

        var text = name.ToString();
        text = text.EndsWith(unit, StringComparison.Ordinal) ? text : text + unit;
        return kind == "counter" && !text.EndsWith("_total", StringComparison.Ordinal) ? $"{text}_total" : text;
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(key.Replace('.', '_')).Append("=\"")
                .Append(Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\"", "\\\"")).Append('"');
        }

        return text.ToString();
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\").Replace("\n", "\\n");

    private sealed class Series(string kind, bool isObserved)
    {
        private readonly long[]? _buckets = kind == "histogram" ? new long[Bounds.Length + 1] : null;
        private readonly Lock _lock = new();
        private double _value;
        private long _count;

        public bool IsObserved { get; } = isObserved;

        public void Record(double value, bool adds)
        {
            lock (_lock)
            {
                _count++;
                _value = adds ? _value + value : value;
                if (_buckets is not null)
                {
                    var bucket = Array.FindIndex(Bounds, b => value <= b);
                    _buckets[bucket < 0 ? Bounds.Length : bucket]++;
                }
            }
        }

        public void Print(StringBuilder page, string name, string labels)
        {
            lock (_lock)
            {
                if (_buckets is null)
                {
                    Line(page, name, labels, _value);
                    return;
                }

                var below = 0L;
                for (var i = 0; i <= Bounds.Length; i++)
                {
                    below += _buckets[i];
                    var bound = i < Bounds.Length ? Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                    Line(page, $"{name}_bucket", $"{labels}{(labels.Length == 0 ? "" : ",")}le=\"{bound}\"", below);
                }

                Line(page, $"{name}_sum", labels, _value);
                Line(page, $"{name}_count", labels, _count);
            }
        }

        private static void Line(StringBuilder page, string name, string labels, double value) =>
            page.Append(name).Append(labels.Length == 0 ? "" : $"{{{labels}}}").Append(' ')
                .Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
