using OrleansInference.Bench.Measuring;

namespace OrleansInference.Bench.Parts;

/// <summary>A section of docs/benchmarks.md, and a sub-command.</summary>
internal interface IPart
{
    string Name { get; }

    string Description { get; }

    /// <summary>Rounds when nobody asks for another number.</summary>
    int Rounds { get; }

    /// <summary>Tokens that a stream decodes per measurement when nobody asks for another number.</summary>
    int Tokens { get; }

    /// <summary>Starts what is to be measured.</summary>
    Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation);
}
