using Microsoft.Extensions.Options;
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
    public async Task Options_WhenOutOfRange_StopTheStartAndAreNamed(string key, string value, string problem)
    {
        var starting = DataPlaneServer.StartAsync(_ => new RecordingHandler(), [(key, value)]);
        (await Should.ThrowAsync<OptionsValidationException>(starting)).Message.ShouldContain(problem);
    }
}
