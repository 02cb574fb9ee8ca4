using Orleans;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Streams;

/// <summary>The caller's side of a method that returns an IAsyncEnumerable: nothing is called before it is enumerated.</summary>
internal sealed class GrainStream<T>(GrainReference target, GrainMethod method, object?[] arguments) : IAsyncEnumerable<T>
{
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var extension = target.AsReference<IStreamExtension>();
        var (sent, given) = Split();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(given, cancellationToken);
        var stream = Guid.NewGuid();
        var isOver = false;
        linked.Token.ThrowIfCancellationRequested();
        try
        {
            var next = extension.StartAsync(stream, method.Id, sent, linked.Token);
            while (!isOver)
            {
                var step = await next;
                isOver = step.State != StreamState.Open;
                if (step.State == StreamState.Unknown)
                    throw new EnumerationAbortedException(
                        $"The enumeration of {method.Name} was aborted: grain {target.GrainId} was deactivated since it began, "
                        + "or nobody asked for the next element for too long.");
                foreach (var element in step.Elements)
                    yield return (T)element!;
                linked.Token.ThrowIfCancellationRequested();
                if (!isOver)
                    next = extension.NextAsync(stream, linked.Token);
            }
        }
        finally
        {
            if (!isOver)
                await EndAsync(extension, stream);
        }
    }

    // The grain forgets a stream that nobody asks for, too, so that one which cannot be told is no loss.
    private static Task EndAsync(IStreamExtension extension, Guid stream) => extension.EndAsync(stream).ContinueWith(
        static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    // A token cannot be sent; ending the stream cancels the one that the grain gets instead.
    private (object?[] Sent, CancellationToken Given) Split()
    {
        if (method.CancellationIndex < 0)
            return (arguments, default);
        var sent = (object?[])arguments.Clone();
        sent[method.CancellationIndex] = null;
        return (sent, (CancellationToken)arguments[method.CancellationIndex]!);
    }
}
