namespace Skerry.Domain.Identity;

/// <summary>
/// Hashes and checks passwords away from the threads that serve requests, no more at a time than the machine has cores to spare, so
/// that a flood of wrong passwords slows down other logins and nothing else.
/// </summary>
public sealed class PasswordVerifier : IDisposable
{
    private readonly int _iterations;
    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <param name="iterations">For new hashes; tests take few.</param>
    public PasswordVerifier(int iterations = PasswordHash.CurrentIterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        _iterations = iterations;
    }

    internal Task<PasswordHash> HashAsync(string password, CancellationToken cancellationToken) =>
        RunAsync(() => PasswordHash.Of(password, _iterations), cancellationToken);

    internal Task<bool> MatchesAsync(PasswordHash hash, string password, CancellationToken cancellationToken) =>
        RunAsync(() => hash.Matches(password), cancellationToken);

    public void Dispose() => _slots.Dispose();

    private async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _slots.Release();
        }
    }
}
