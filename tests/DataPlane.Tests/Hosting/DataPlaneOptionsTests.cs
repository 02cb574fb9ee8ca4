using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Hosting;

public sealed class DataPlaneOptionsTests
{
    [Theory]
    [InlineData("SendQueueBytes", "0", "SendQueueBytes")]
    [InlineData("MaximumConnections", "0", "MaximumConnections")]
    [InlineData("IdleMilliseconds", "5", "IdleMilliseconds")]
    [InlineData("SilenceMilliseconds", "900", "SilenceMilliseconds is 900, but must be at least twice IdleMilliseconds, 500")]
    [InlineData("Listen", "localhost:0", "Listen is 'localhost:0', but must be an IP address and a port")]
    [InlineData("Listen", "127.0.0.1", "Listen is '127.0.0.1', but must be an IP address and a port")]
    [InlineData("ElementType", "F64", "DataPlane:ElementType is 'F64', but must be Auto, F32, F16, Q8")]
    [InlineData("ElementType", "2", "DataPlane:ElementType is '2', but must be Auto, F32, F16, Q8")]
    public async Task Options_WhenOutOfRange_StopTheStartAndAreNamed(string key, string value, string problem)
    {
        var starting = DataPlaneServer.StartAsync(_ => new RecordingHandler(), [(key, value)]);
        (await Should.ThrowAsync<OptionsValidationException>(starting)).Message.ShouldContain(problem);
    }

    [Theory]
    [InlineData("Auto", "127.0.0.1:5000", ElementType.F32)]
    [InlineData("auto", "[::1]:5000", ElementType.F32)]
    [InlineData("Auto", "localhost:5000", ElementType.F32)]
    [InlineData("Auto", "10.0.0.7:5000", ElementType.F16)]
    [InlineData("Auto", "pi5.lan:5000", ElementType.F16)]
    [InlineData("F32", "pi5.lan:5000", ElementType.F32)]
    [InlineData("F16", "127.0.0.1:5000", ElementType.F16)]
    [InlineData("q8", "127.0.0.1:5000", ElementType.Q8)]
    public void ElementType_WhenSet_DecidesHowRowsTravel(string setting, string endpoint, ElementType expected) =>
        ConnectorOf(new DataPlaneOptions { ElementType = setting }).ElementTypeTo(endpoint).ShouldBe(expected);

    [Theory]
    [InlineData(ElementType.F32, 2_048, 67_127_318)]
    [InlineData(ElementType.F16, 4_096, 67_162_134)]
    [InlineData(ElementType.Q8, 4_096, 33_607_702)]
    public void RingFrame_WhenItsBoundIsTheDefault_HasRoomForWhatTheOptionSays(ElementType type, int rows, int bytes)
    {
        var hello = RandomFrames.Hello(ConnectionRole.Ring, type, hiddenSize: 8_192);
        var batch = new BatchFrame(1, new BatchRow[rows], new float[rows * 8_192]);
        Codecs.For(hello).Measure(batch).ShouldBe(sizeof(int) + bytes);

        ConnectorOf(new DataPlaneOptions()).BatchProblemOf(hello, rows).ShouldBeNull();
        ConnectorOf(new DataPlaneOptions { MaximumRingFrameBytes = bytes }).BatchProblemOf(hello, rows).ShouldBeNull();
        ConnectorOf(new DataPlaneOptions { MaximumRingFrameBytes = bytes - 1 }).BatchProblemOf(hello, rows).ShouldNotBeNull()
            .ShouldContain($"takes {bytes} bytes, but DataPlane:MaximumRingFrameBytes is {bytes - 1}");
        ConnectorOf(new DataPlaneOptions { MaximumBatchRows = rows - 1 }).BatchProblemOf(hello, rows).ShouldNotBeNull()
            .ShouldContain($"DataPlane:MaximumBatchRows is {rows - 1}");
    }

    private static DataPlaneConnector ConnectorOf(DataPlaneOptions bounds)
    {
        var options = Options.Create(bounds);
        return new DataPlaneConnector(
            options, new PlainConnectionSecurity(), new Pulse(options, TimeProvider.System), TimeProvider.System,
            NullLogger<DataPlaneConnection>.Instance);
    }
}
