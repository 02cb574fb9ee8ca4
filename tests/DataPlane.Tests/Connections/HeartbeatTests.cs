using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class HeartbeatTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Heartbeat _heartbeat;
    private int _idle;
    private int _silent;

    public HeartbeatTests() => _heartbeat = new Heartbeat(new DataPlaneOptions(), _time, () => _idle++, _ => _silent++);

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
    public void Heartbeat_WhenDisposed_LeavesNoTimer()
    {
        _time.TimerCount.ShouldBe(1);
        _heartbeat.Dispose();
        _time.TimerCount.ShouldBe(0);
    }
}
