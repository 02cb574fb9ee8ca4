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
        object?[] sent = [.. arguments.Select(argument => argument is CancellationToken ? null : argument)];
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(given, cancellationToken);
        linked.Token.ThrowIfCancellationRequested();
        var extension = target.AsReference<IStreamExtension>();
        var stream = Guid.NewGuid();
        StreamStep? step = null;
        try
        {
            while (step is not { IsLast: true })
            {
                step = await (step is null
                    ? extension.StartAsync(stream, method.Id, sent, linked.Token)
                    : extension.NextAsync(stream, linked.Token));
                foreach (var element in step.Elements)
                    yield return (T)element!;
            }
        }
        finally
        {
            // The grain forgets a stream that nobody asks for, too, so that one which cannot be told is no loss.
            if (step is not { IsLast: true })
                await extension.EndAsync(stream)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
