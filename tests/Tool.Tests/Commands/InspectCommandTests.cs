using System.Text;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Tool.Commands;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Commands;

public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("endfor", "endfor", "Chat template:  yes\n")]
    [InlineData("endfor", "endfur", "cannot be rendered, so the model takes completions only: line 3: the statement 'endfur' is not expected")]
    [InlineData("tokenizer.chat_template", "tokenizer.bath_template", "Chat template:  none; the model takes completions only\n")]
    public async Task Inspect_WhenAModelHasATemplateOrNot_SaysWhetherItTakesChats(string what, string with, string expected)
    {
        var path = _folder["model.gguf"];
        RandomModel.Write(RandomModelShape.Get("tiny-llama"), GgmlType.F32, seed: 1, path, cancellation: TestContext.Current.CancellationToken);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Encoding.UTF8.GetBytes(with).CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(what))));
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);

        (await RunAsync("model", "inspect", path)).ShouldContain(expected);
        await RunAsync("model", "import", path, "--name", "m", "--store", _folder["store"]);
        (await RunAsync("model", "inspect", "m", "--store", _folder["store"])).ShouldContain(expected);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        (await OinfCommand.RunAsync(arguments, new Screen(output, errors, isLive: false))).ShouldBe(0, errors.ToString());
        return output.ToString();
    }
}
