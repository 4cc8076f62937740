using Skerry.Demo;

namespace Skerry.EndToEnd;

/// <summary>The steps of the demo, each a case of its own. A step runs after those before it, whichever case is asked for first.</summary>
public sealed class DemoTests(DemoTests.Telling telling) : IClassFixture<DemoTests.Telling>
{
    public static TheoryData<int, string> Steps => new(Story.Steps.Select((step, i) => (i + 1, step.Title)));

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_of_the_main_job_holds(int step, string title) => await telling.UpToAsync(step, title);

    /// <summary>One story that the cases share.</summary>
    public sealed class Telling : IAsyncLifetime
    {
        private readonly Story _story = new(Stage.Open(), line => TestContext.Current.TestOutputHelper?.WriteLine(line));
        private int _told;
        private Exception? _failure;

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => _story.DisposeAsync();

        public async Task UpToAsync(int step, string title)
        {
            while (_told < step)
            {
                Assert.True(_failure is null, $"'{title}' could not begin, since an earlier step failed: {_failure?.Message}");
                try
                {
                    await Story.Steps[_told].RunAsync(_story, TestContext.Current.CancellationToken);
                    _told++;
                }
                catch (Exception e)
                {
                    _failure = new InvalidOperationException($"{e.Message}\n{Logs()}", e);
                    throw _failure;
                }
            }
        }

        private string Logs() => string.Join(
            '\n', _story.Stage.Sites.Where(s => s.HasStarted).Select(s => $"--- {s.Name} ---\n{s.Daemon.LogTail()}"));
    }
}
