using System.Runtime.ExceptionServices;

namespace Skerry.TestKit.Sync;

/// <summary>
/// Time of a simulation, and the one thread of it: events in order of when they are due, and of when they were planned among equals.
/// What an event leaves waiting goes on when that is done, in an order that is the same each time, so a run depends on its seed alone.
/// </summary>
/// <remarks>Code under test must wait on virtual time alone, and never leave its synchronization context.</remarks>
public sealed class VirtualTime
{
    private readonly PriorityQueue<Func<ValueTask>, (TimeSpan Due, long Number)> _events = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = new();
    private readonly Context _context;
    private long _planned;
    private ExceptionDispatchInfo? _failure;

    public VirtualTime() => _context = new Context(this);

    public TimeSpan Now { get; private set; }

    public void After(TimeSpan delay, Func<ValueTask> run) => _events.Enqueue(run, (Now + delay, _planned++));

    public void After(TimeSpan delay, Action run) => After(delay, () =>
    {
        run();
        return ValueTask.CompletedTask;
    });

    /// <summary>Completes so much later.</summary>
    public Task Delay(TimeSpan delay)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        After(delay, done.SetResult);
        return done.Task;
    }

    /// <summary>Runs until the condition holds (looked at after each event) or the time has come. The first failure of an event ends it.</summary>
    /// <returns>True when the condition holds.</returns>
    public bool Run(TimeSpan until, Func<bool> condition)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            while (true)
            {
                RunReady();
                if (condition())
                {
                    return true;
                }

                if (!_events.TryPeek(out _, out var next) || next.Due > until)
                {
                    Now = until;
                    return condition();
                }

                Now = next.Due;
                Begin(_events.Dequeue());
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private void RunReady()
    {
        while (_failure is null && TryTake(out var ready))
        {
            ready.Callback(ready.State);
        }

        _failure?.Throw();
    }

    private bool TryTake(out (SendOrPostCallback Callback, object? State) ready)
    {
        lock (_ready)
        {
            return _ready.TryDequeue(out ready);
        }
    }

    /// <summary>Lets the event run to where it waits; the rest of it comes with what it waits for.</summary>
    private void Begin(Func<ValueTask> run) => _ = ObserveAsync(run);

    private async Task ObserveAsync(Func<ValueTask> run)
    {
        try
        {
            await run();
        }
        catch (Exception failure)
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }

    private sealed class Context(VirtualTime time) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (time._ready)
            {
                time._ready.Enqueue((d, state));
            }
        }

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }
}
