using OrleansInference.Tool.Commands;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Commands;

public sealed class WrongOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public WrongOptionTests() => File.WriteAllText(_folder["file"], "");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model list --store FOLDER/file", "--store is 'FOLDER/file', which is a file, but must be a folder")]
    [InlineData("model import FOLDER/file --store FOLDER/file", "--store is 'FOLDER/file', which is a file, but must be a folder")]
    [InlineData("up --store FOLDER/file", "--store is 'FOLDER/file', which is a file, but must be a folder")]
    [InlineData("model import FOLDER --store FOLDER/store", "FOLDER is a folder; name the GGUF file in it.")]
    [InlineData("model random tiny-llama --seed -1 --output FOLDER/a.gguf", "--seed is '-1', but must be a whole number from 0 to")]
    [InlineData("status --url http://127.0.0.1:1/v1", "--url is 'http://127.0.0.1:1/v1', but must be the gateway's address, such as http://127.0.0.1:8080.")]
    public async Task Command_WhenAnOptionIsWrong_NamesItAndWhatWouldBeRight(string command, string expected)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var arguments = command.Split(' ').Select(word => word.Replace("FOLDER", _folder.FullPath, StringComparison.Ordinal));

        (await OinfCommand.RunAsync([.. arguments], new Screen(output, errors, isLive: false))).ShouldBe(1);

        errors.ToString().ShouldStartWith(expected.Replace("FOLDER", _folder.FullPath, StringComparison.Ordinal));
        output.ToString().ShouldBeEmpty();
    }
}
