using System.Diagnostics;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Connections;

public sealed class LatencyTests(ITestOutputHelper output)
{
    private const int HiddenSize = 2_048;

    private static readonly HelloFrame Ring = RandomFrames.Hello(ConnectionRole.Ring, hiddenSize: HiddenSize);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batch_WhenSentRoundOverLoopback_TakesWellUnderATokensTime()
    {
        const int rounds = 2_000;
        var answered = new SemaphoreSlim(0);
        var echo = new RecordingHandler(EchoAsync);
        await using var server = await DataPlaneServer.StartAsync(_ => echo);
        await using var connection = await server.ConnectAsync(Ring, new RecordingHandler((frame, _, _) =>
        {
            ((BatchFrame)frame).Dispose();
            answered.Release();
            return ValueTask.CompletedTask;
        }));
        var batch = new BatchFrame(1, new[] { new BatchRow(0, 0, true) }, new float[HiddenSize]);
        var times = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await connection.SendAsync(batch, Cancellation);
            (await answered.WaitAsync(TimeSpan.FromSeconds(10), Cancellation)).ShouldBeTrue();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        times.Sort();
        var started2 = Stopwatch.GetTimestamp();
        for (var i = 0; i < rounds; i++)
            await connection.SendAsync(batch, Cancellation);
        for (var i = 0; i < rounds; i++)
            (await answered.WaitAsync(TimeSpan.FromSeconds(10), Cancellation)).ShouldBeTrue();
        var bytesPerSecond = rounds * (long)HiddenSize * sizeof(float) / Stopwatch.GetElapsedTime(started2).TotalSeconds;
        output.WriteLine(
            $"8 KiB batch round trip over loopback: p50 {times[rounds / 2]:0} µs, p99 {times[rounds * 99 / 100]:0} µs; "
            + $"echoed {bytesPerSecond / 1e6:0} MB/s each way");
        times[rounds / 2].ShouldBeLessThan(20_000);
    }

    private static async ValueTask EchoAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
    {
        using var batch = (BatchFrame)frame;
        await connection.SendAsync(batch, cancellation);
    }
}
