using Skerry.Cli.Output;

namespace Skerry.Cli.Tests;

public sealed class TalkTests
{
    private static (Talk Talk, StringWriter Error) On(bool terminal)
    {
        var error = new StringWriter();
        return (
            new Talk(new Surroundings(
                TextWriter.Null, error, TextReader.Null, false, false, terminal, _ => null, "/", TimeProvider.System, _ => new FakeSite())),
            error);
    }

    [Fact]
    public void On_a_terminal_a_line_overwrites_the_last_one_whole()
    {
        var (talk, error) = On(terminal: true);
        talk.Progress("copy", "100 MiB of 2 GiB");
        talk.Progress("copy", "2 GiB");
        talk.Say("Done.");
        Assert.Equal($"\r100 MiB of 2 GiB\r2 GiB           \nDone.\n", error.ToString());
    }

    [Fact]
    public void Elsewhere_a_line_is_written_when_the_phase_changes()
    {
        var (talk, error) = On(terminal: false);
        talk.Progress("copy", "1 %");
        talk.Progress("copy", "2 %");
        talk.Progress("stream", "whole");
        talk.EndProgress();
        Assert.Equal("1 %\nwhole\n", error.ToString());
    }
}
