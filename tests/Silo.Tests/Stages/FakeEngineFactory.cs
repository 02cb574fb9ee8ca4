using System.Collections.Concurrent;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Stages;

internal sealed class FakeEngineFactory : IStageEngineFactory
{
    public ConcurrentQueue<FakeStageEngine> Engines { get; } = new();

    /// <summary>Run before an engine is made; may wait or throw.</summary>
    public Func<StageConfiguration, CancellationToken, Task>? BeforeLoad { get; set; }

    /// <summary>Of what the store has now.</summary>
    public string ContentHash { get; set; } = FakeModel.ContentHash;

    public async Task<IStageEngine> LoadStageAsync(
        StageConfiguration configuration, IProgress<double>? progress, CancellationToken cancellation)
    {
        progress?.Report(0.5);
        if (BeforeLoad is { } before)
            await before(configuration, cancellation);
        var engine = new FakeStageEngine(configuration, ContentHash);
        Engines.Enqueue(engine);
        return engine;
    }

    public Task<string> GetContentHashAsync(string model, CancellationToken cancellation) => Task.FromResult(ContentHash);

    public Task<ITokenizer> LoadTokenizerAsync(string model, CancellationToken cancellation) =>
        Task.FromResult<ITokenizer>(new FakeTokenizer());
}

internal sealed class FakeTokenizer : ITokenizer
{
    public int VocabularySize => FakeModel.VocabularySize;

    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial) => FakeModel.Tokenize(text);

    private static string Template(IReadOnlyList<ChatMessage> messages, string? arguments) =>
        arguments + string.Concat(messages.Select(message => $"<{message.Role}>{message.Content}")) + "<assistant>";

    public int[] TokenizeChat(IReadOnlyList<ChatMessage> messages, string? arguments = null) => messages.Any(message => message.Role == "alien")
        ? throw new ChatTemplateException("The role alien is not known.")
        : FakeModel.Tokenize(Template(messages, arguments));

    public bool IsEndOfGeneration(int token) => token == FakeModel.EndToken;

    public ReadOnlyMemory<byte> PieceOf(int token) => FakeModel.PieceOf(token);

    public void Dispose()
    {
    }
}
