using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Hosting;
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
    public void ElementType_WhenSet_DecidesHowRowsTravel(string setting, string endpoint, ElementType expected)
    {
        var options = Options.Create(new DataPlaneOptions { ElementType = setting });
        var connector = new DataPlaneConnector(
            options, new PlainConnectionSecurity(), new Pulse(options, TimeProvider.System), TimeProvider.System,
            NullLogger<DataPlaneConnection>.Instance);

        connector.ElementTypeTo(endpoint).ShouldBe(expected);
    }
}
