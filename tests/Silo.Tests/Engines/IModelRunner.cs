using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>A model that batches go through: whole, or in slices.</summary>
internal interface IModelRunner : IAsyncDisposable
{
    Task OpenAsync(int slot, SamplingParameters sampling, int[] history);

    Task<IReadOnlyList<Drawn>> DecodeAsync(BatchRow[] rows, int[] tokens);
}

/// <summary>A sampled token and the logits it was drawn from.</summary>
internal sealed record Drawn(SampledToken Token, float[] Logits);
