using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class HeartbeatTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Pulse _pulse;
    private readonly Heartbeat _heartbeat;
    private int _idle;
    private int _silent;

    public HeartbeatTests()
    {
        _pulse = new Pulse(Options.Create(new DataPlaneOptions()), _time);
        _heartbeat = new Heartbeat(_pulse, () => _idle++, _ => _silent++);
    }

    public void Dispose() => _heartbeat.Dispose();

    [Fact]
    public void Heartbeat_WhenNothingIsSent_AsksForAPingEveryIdleTime()
    {
        _time.Advance(TimeSpan.FromMilliseconds(499));
        _idle.ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _idle.ShouldBe(1);
        _time.Advance(TimeSpan.FromMilliseconds(1_000));
        _idle.ShouldBe(3);
    }

    [Fact]
    public void Heartbeat_WhenSomethingIsSent_AsksForNoPing()
    {
        for (var i = 0; i < 20; i++)
        {
            _heartbeat.Send();
            _time.Advance(TimeSpan.FromMilliseconds(250));
        }

        _idle.ShouldBe(0);
    }

    [Fact]
    public void Heartbeat_WhenNothingIsHeard_IsSilentAfterTheSilenceTimeAndNotBefore()
    {
        _time.Advance(TimeSpan.FromMilliseconds(1_500));
        _heartbeat.Hear();
        _time.Advance(TimeSpan.FromMilliseconds(2_000));
        _silent.ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(125));
        _silent.ShouldBe(1);
    }

    [Fact]
    public void Heartbeat_WhileNotListening_HearsNoSilence()
    {
        _heartbeat.StopListening();
        _time.Advance(TimeSpan.FromMinutes(1));
        _silent.ShouldBe(0);
        _heartbeat.Listen();
        _time.Advance(TimeSpan.FromMilliseconds(2_000));
        _silent.ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        _silent.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Heartbeat_WhenTheProcessStoodStill_DoesNotTakeItForSilence()
    {
        _time.Jump(TimeSpan.FromMinutes(5));
        _silent.ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(1_750));
        _silent.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Heartbeat_WhenItBeginsBetweenTwoTicks_CountsNoSilenceFromBefore()
    {
        _time.Advance(TimeSpan.FromMilliseconds(249));
        var silent = 0;
        using var later = new Heartbeat(_pulse, () => { }, _ => silent++);
        _time.Advance(TimeSpan.FromMilliseconds(2_000));
        silent.ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        silent.ShouldBe(1);
    }

    [Fact]
    public void Heartbeats_TogetherHaveOneTimer_AndNoneWhenAllAreDisposed()
    {
        var other = new Heartbeat(_pulse, () => { }, _ => { });
        _time.TimerCount.ShouldBe(1);
        _heartbeat.Dispose();
        _time.TimerCount.ShouldBe(1);
        other.Dispose();
        _time.TimerCount.ShouldBe(0);
        using var third = new Heartbeat(_pulse, () => _idle++, _ => { });
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _idle.ShouldBe(1);
    }
}
