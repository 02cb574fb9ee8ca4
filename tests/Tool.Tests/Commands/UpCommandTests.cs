using OrleansInference.Tool.Commands;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Commands;

public sealed class UpCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Before a process is started, which would be started again and again with the same setting.</summary>
    [Theory]
    [InlineData("--slots", "257", "--slots is '257', but must be a whole number from 1 to 256.")]
    [InlineData("--slots", "0", "--slots is '0', but must be a whole number from 1 to 256.")]
    [InlineData("--slots", "many", "--slots is 'many', but must be a whole number from 1 to 256.")]
    [InlineData("--context", "1048577", "--context is '1048577', but must be a whole number from 1 to 1048576.")]
    [InlineData("--http", "::1", "--http is '::1', but must be ADDRESS:PORT")]
    [InlineData("--http", "[::1]", "--http is '[::1]', but must be ADDRESS:PORT")]
    [InlineData("--http", "127.0.0.1", "--http is '127.0.0.1', but must be ADDRESS:PORT")]
    public async Task Up_WhenAnOptionIsWrong_NamesItAndWhatWouldBeRight(string option, string value, string expected)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());

        (await OinfCommand.RunAsync(["up", "--store", _folder.FullPath, option, value], new Screen(output, errors, isLive: false))).ShouldBe(1);

        errors.ToString().ShouldStartWith(expected);
        output.ToString().ShouldBeEmpty();
    }
}
