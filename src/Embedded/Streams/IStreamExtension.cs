using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Streams;

/// <summary>How the caller of a method that returns an IAsyncEnumerable asks for its elements. Every grain has it.</summary>
internal interface IStreamExtension : IAddressable
{
    /// <summary>Takes the next step.</summary>
    /// <param name="arguments">With the first step, which calls the method; null with the others.</param>
    /// <exception cref="EnumerationAbortedException">
    /// The activation does not know the stream: it is another one, or nobody asked for too long.
    /// </exception>
    [AlwaysInterleave]
    Task<StreamStep> StepAsync(Guid stream, ulong method, object?[]? arguments, CancellationToken cancellation);

    /// <summary>Nobody asks for more.</summary>
    [AlwaysInterleave]
    Task EndAsync(Guid stream);
}

/// <param name="IsLast">Otherwise there may be more elements; without any yet, the next one takes its time.</param>
/// <param name="Elements">Those that came at once, in their order.</param>
[GenerateSerializer]
internal sealed record StreamStep(bool IsLast, object?[] Elements);
