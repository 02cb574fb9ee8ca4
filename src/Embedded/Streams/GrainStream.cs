using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Streams;

/// <summary>The caller's side of a method that returns an IAsyncEnumerable: nothing is called before it is enumerated.</summary>
internal sealed class GrainStream<T>(GrainReference target, GrainMethod method, object?[] arguments) : IAsyncEnumerable<T>
{
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        // A token cannot be sent; ending the stream cancels the one that the grain gets instead.
        var given = arguments.OfType<CancellationToken>().FirstOrDefault();
        object?[]? sent = [.. arguments.Select(argument => argument is CancellationToken ? null : argument)];
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(given, cancellationToken);
        linked.Token.ThrowIfCancellationRequested();
        var extension = target.AsReference<IStreamExtension>();
        var stream = Guid.NewGuid();
        var isEnded = false;
        try
        {
            while (!isEnded)
            {
                var step = await extension.StepAsync(stream, method.Id, sent, linked.Token);
                (sent, isEnded) = (null, step.IsLast);
                foreach (var element in step.Elements)
                    yield return (T)element!;
            }
        }
        finally
        {
            // The grain forgets a stream that nobody asks for, too, so that one which cannot be told is no loss.
            if (!isEnded)
                await extension.EndAsync(stream)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
