using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Bench.Rows;

/// <summary>Pebble in two stages, whose hidden rows are written and read between them as a connection does it.</summary>
internal sealed class SplitPebble(IStageEngine first, IStageEngine last, ITokenizer tokenizer) : IAsyncDisposable
{
    private const int Questions = 60;
    private const int MaximumTokens = 48;
    private const int Cells = 256;

    private readonly List<int[]> _answers = [];

    public static async Task<SplitPebble> LoadAsync(string folder, CancellationToken cancellation)
    {
        NativeRuntime.Load(configuredFolder: null);
        var store = new ModelStore(Path.Combine(folder, "models"));
        var path = Path.Combine(BenchmarkPage.Repository, "models", "pebble", "pebble-q8_0.gguf");
        var manifest = await store.ImportAsync(path, new ImportOptions { Name = "pebble" }, progress: null, cancellation);
        var factory = new LlamaStageEngineFactory(
            store, new SliceAssembler(store), Options.Create(new ModelStoreOptions { Store = store.Root }),
            Options.Create(new NativeOptions()), Options.Create(new DeviceOptions()), NullLoggerFactory.Instance, TimeProvider.System);
        var middle = manifest.LayerCount / 2;
        return new SplitPebble(
            await LoadAsync(0, middle), await LoadAsync(middle, manifest.LayerCount),
            await factory.LoadTokenizerAsync(manifest.Id, cancellation));

        Task<IStageEngine> LoadAsync(int begin, int end) => factory.LoadStageAsync(
            new StageConfiguration(manifest.Id, begin, end, SlotCount: 1, Cells, MaximumBatchRows: Cells, Threads: 1), null, cancellation);
    }

    /// <summary>Compares with what F32 answered, which must be measured first: every token follows the same ones before it.</summary>
    public async Task<RowLoss> MeasureAsync(ElementType type, CancellationToken cancellation)
    {
        var loss = new RowLoss();
        for (var question = 0; question < Questions; question++)
        {
            var prompt = tokenizer.TokenizeChat([new ChatMessage("user", $"What is {question + 2} plus {question * 7 % 9 + 1}?")]);
            if (type == ElementType.F32)
                _answers.Add(await AnswerAsync(type, prompt, given: null, loss, cancellation));
            var drawn = await AnswerAsync(type, prompt, _answers[question], loss, cancellation);
            for (var index = 0; index < drawn.Length; index++)
                loss.AddToken(drawn[index] == _answers[question][index]);
        }

        return loss;
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await last.DisposeAsync();
        tokenizer.Dispose();
    }

    /// <param name="given">The answer's tokens, whatever is drawn; null to go on with those that are drawn, to the answer's end.</param>
    private async Task<int[]> AnswerAsync(ElementType type, int[] prompt, int[]? given, RowLoss loss, CancellationToken cancellation)
    {
        await first.ClearAsync(0, 0);
        await last.ClearAsync(0, 0);
        await last.OpenAsync(0, SamplingParameters.Greedy, prompt);
        var drawn = new List<int> { await StepAsync(type, prompt, 0, loss, cancellation) };
        while (given is null ? drawn.Count < MaximumTokens && !tokenizer.IsEndOfGeneration(drawn[^1]) : drawn.Count < given.Length)
        {
            var token = given is null ? drawn[^1] : given[drawn.Count - 1];
            drawn.Add(await StepAsync(type, [token], prompt.Length + drawn.Count - 1, loss, cancellation));
        }

        return [.. drawn];
    }

    private async Task<int> StepAsync(ElementType type, int[] tokens, int position, RowLoss loss, CancellationToken cancellation)
    {
        BatchRow[] rows = [.. tokens.Select((_, index) => new BatchRow(0, position + index, Sample: index == tokens.Length - 1))];
        var hidden = (await first.DecodeAsync(new StageInput(rows, tokens, default), cancellation)).Hidden;
        var output = await last.DecodeAsync(new StageInput(rows, default, Send(type, rows.Length, hidden.Span, loss)), cancellation);
        return output.Tokens.Span[0].Token;
    }

    private static float[] Send(ElementType type, int rowCount, ReadOnlySpan<float> hidden, RowLoss loss)
    {
        var size = hidden.Length / rowCount;
        var bytes = new byte[rowCount * HiddenRows.RowBytes(type, size)];
        var arrived = new float[hidden.Length];
        HiddenRows.Write(type, size, hidden, bytes);
        HiddenRows.TryRead(type, size, new ReadOnlySequence<byte>(bytes), arrived);
        for (var row = 0; row < rowCount; row++)
            loss.AddRow(hidden.Slice(row * size, size), arrived.AsSpan(row * size, size));
        return arrived;
    }
}
