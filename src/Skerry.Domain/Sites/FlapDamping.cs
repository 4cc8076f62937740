using System.Globalization;

namespace Skerry.Domain.Sites;

/// <summary>
/// Keeps the shown word of a site that comes and goes from changing with it: bad news is shown at once, good news of a site that was
/// lost often of late only after it has lasted. Never claims more than is known, only less. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Two losses within <see cref="Window"/> are free. After each further one the site must be heard for twice as long as after the one
/// before, from 4 seconds up to a minute, so a word changes at most so often.
/// </remarks>
internal sealed class FlapDamping(TimeProvider time)
{
    /// <summary>A loss is forgotten after so long.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const int FreeLosses = 2;
    private const int MostLosses = 16;

    private static readonly TimeSpan LeastHold = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan MostHold = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Course> _courses = new(StringComparer.Ordinal);

    /// <summary>What is shown of a site, given what is so now; asked at least once a second.</summary>
    public Life Show(string site, Life now)
    {
        lock (_lock)
        {
            if (now.Aliveness is not (Aliveness.Connected or Aliveness.Synchronizing or Aliveness.Autonomous))
            {
                // Decided by hand, or nothing known: no course of its own.
                _courses.Remove(site);
                return now;
            }

            if (!_courses.TryGetValue(site, out var course))
            {
                _courses[site] = course = new Course();
            }

            return Shown(course, now);
        }
    }

    /// <summary>True while good news of the site waits to last.</summary>
    public bool IsHeld(string site)
    {
        lock (_lock)
        {
            return _courses.TryGetValue(site, out var course) && course.IsHeld;
        }
    }

    private Life Shown(Course course, Life now)
    {
        var at = time.GetTimestamp();
        while (course.Losses.TryPeek(out var oldest) && (course.Losses.Count > MostLosses || time.GetElapsedTime(oldest, at) > Window))
        {
            course.Losses.Dequeue();
        }

        if (now.IsUp)
        {
            course.UpSince ??= at;
            course.WasUp = true;
            var hold = Hold(course.Losses.Count);
            course.IsHeld = course.Worst is not null && time.GetElapsedTime(course.UpSince.Value, at) < hold;
            if (!course.IsHeld)
            {
                course.Worst = null;
                return now;
            }

            return now with
            {
                Aliveness = course.Worst!.Value,
                Since = course.WorstSince,
                Reason = $"flapping: lost {Times(course.Losses.Count)} in {Window.TotalMinutes:0} minutes; heard again, and shown so once that has lasted {hold.TotalSeconds:0} s",
            };
        }

        course.IsHeld = false;
        if (course.WasUp && course.UpSince is not null)
        {
            course.Losses.Enqueue(at);
            course.UpSince = null;
        }

        if (course.Worst is not Aliveness.Autonomous && course.Worst != now.Aliveness)
        {
            (course.Worst, course.WorstSince) = (now.Aliveness, now.Since);
        }

        return course.Losses.Count <= FreeLosses ? now with { Aliveness = course.Worst ?? now.Aliveness } : now with
        {
            Aliveness = course.Worst ?? now.Aliveness,
            Since = course.WorstSince ?? now.Since,
            Reason = $"flapping: lost {Times(course.Losses.Count)} in {Window.TotalMinutes:0} minutes{(now.Reason is null ? "" : $"; {now.Reason}")}",
        };
    }

    private static TimeSpan Hold(int losses)
    {
        if (losses <= FreeLosses)
        {
            return TimeSpan.Zero;
        }

        var hold = LeastHold * (1 << (losses - FreeLosses - 1));
        return hold < MostHold ? hold : MostHold;
    }

    private static string Times(int count) => count == 1 ? "once" : $"{count.ToString(CultureInfo.InvariantCulture)} times";

    /// <summary>One site's, of late.</summary>
    private sealed class Course
    {
        /// <summary>When it was lost, oldest first.</summary>
        public Queue<long> Losses { get; } = [];

        /// <summary>Null while it is not heard.</summary>
        public long? UpSince { get; set; }

        public bool WasUp { get; set; }

        public bool IsHeld { get; set; }

        /// <summary>The worst word since the last loss; null once being heard has lasted.</summary>
        public Aliveness? Worst { get; set; }

        public DateTimeOffset? WorstSince { get; set; }
    }
}
