using OrleansInference.Silo.Engines;

namespace OrleansInference.Bench.Paced;

internal sealed class PacedEngineFactory(double tokensPerSecond) : IStageEngineFactory
{
    public Task<IStageEngine> LoadStageAsync(
        StageConfiguration configuration, IProgress<double>? progress, CancellationToken cancellation) =>
        Task.FromResult<IStageEngine>(new PacedEngine(configuration, tokensPerSecond));

    public Task<string> GetContentHashAsync(string model, CancellationToken cancellation) => Task.FromResult(PacedEngine.ContentHash);

    public Task<ITokenizer> LoadTokenizerAsync(string model, CancellationToken cancellation) =>
        Task.FromResult<ITokenizer>(new ClockTokenizer());
}
