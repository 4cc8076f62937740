using Skerry.Domain.Sites;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.Domain.Tests.Sites;

public sealed class FlapDampingTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Two_losses_are_free_and_each_further_one_asks_for_twice_as_long()
    {
        var damping = new FlapDamping(_time);
        Assert.Equal(Aliveness.Connected, Look(damping, isUp: true).Aliveness);
        foreach (var (loss, hold) in new[] { (1, 0), (2, 0), (3, 4), (4, 8), (5, 16) })
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Aliveness.Autonomous, Look(damping, isUp: false).Aliveness);
            _time.Advance(TimeSpan.FromSeconds(1));
            for (var second = 0; second < hold; second++)
            {
                var held = Look(damping, isUp: true);
                Assert.Equal(Aliveness.Autonomous, held.Aliveness);
                Assert.StartsWith($"flapping: lost {loss} times", held.Reason, StringComparison.Ordinal);
                Assert.True(damping.IsHeld("x"));
                _time.Advance(TimeSpan.FromSeconds(1));
            }

            Assert.Equal(Aliveness.Connected, Look(damping, isUp: true).Aliveness);
            Assert.False(damping.IsHeld("x"));
        }

        // Forgiven with time.
        _time.Advance(FlapDamping.Window + TimeSpan.FromSeconds(1));
        Look(damping, isUp: true);
        Look(damping, isUp: false);
        Assert.Equal(Aliveness.Connected, Look(damping, isUp: true).Aliveness);
    }

    [Fact]
    public async Task The_shown_word_changes_seldom_and_never_says_more_than_is_so() =>
        await Chance.ForEachSeedAsync(100, chance =>
        {
            var time = new ManualTime();
            var damping = new FlapDamping(time);
            var (isUp, changes, before) = (true, 0, Aliveness.Connected);
            var most = 1 + chance.Below(20);
            for (var second = 0; second < 600; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                isUp = chance.OneIn(most) ? !isUp : isUp;
                var shown = damping.Show("x", Raw(isUp)).Aliveness;
                Assert.False(!isUp && shown == Aliveness.Connected, $"called connected at second {second}, and it is not");
                changes += shown == before ? 0 : 1;
                before = shown;
            }

            // Two free, then holds of 4, 8, 16, 32 and 60 seconds: of each come and go in ten minutes at most so many are shown.
            Assert.InRange(changes, 0, 44);
            time.Advance(TimeSpan.FromMinutes(1));
            damping.Show("x", Raw(true));
            time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(Aliveness.Connected, damping.Show("x", Raw(true)).Aliveness);
            return Task.CompletedTask;
        });

    [Fact]
    public void A_break_of_a_moment_that_comes_again_and_again_is_held_as_what_it_was()
    {
        var damping = new FlapDamping(_time);
        Look(damping, isUp: true);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(Aliveness.Synchronizing, damping.Show("x", Raw(true) with { Aliveness = Aliveness.Synchronizing, IsUp = false }).Aliveness);
            Assert.Equal(i < 2 ? Aliveness.Connected : Aliveness.Synchronizing, Look(damping, isUp: true).Aliveness);
        }

        // What a person decided is shown as it is.
        Assert.Equal(Aliveness.Disconnected, damping.Show("x", new Life(Aliveness.Disconnected, null, null)).Aliveness);
        Assert.Equal(Aliveness.Connected, Look(damping, isUp: true).Aliveness);
    }

    private Life Look(FlapDamping damping, bool isUp) => damping.Show("x", Raw(isUp));

    private static Life Raw(bool isUp) => new(isUp ? Aliveness.Connected : Aliveness.Autonomous, null, DateTimeOffset.UnixEpoch) { IsUp = isUp };
}
