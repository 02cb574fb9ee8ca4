using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.OpenAI;
using OrleansInference.Gateway.OpenAI.Errors;

namespace OrleansInference.Gateway.Generation;

/// <summary>The completions of one HTTP request: they start together, run at the same time, and if one fails they all end.</summary>
internal sealed class CompletionRun : IAsyncDisposable
{
    private readonly ImmutableArray<Completion> _completions;
    private readonly Deadline _deadline;
    private readonly CancellationTokenSource _stopping;
    private readonly GenerationFinish?[] _finishes;
    private Task<CompletionPart>[] _firstParts = [];
    private Exception? _failure;
    private bool _isDisposed;

    internal CompletionRun(ImmutableArray<Completion> completions, Deadline deadline)
    {
        (_completions, _deadline) = (completions, deadline);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
        _finishes = new GenerationFinish?[completions.Length];
    }

    public int Count => _completions.Length;

    /// <summary>What the request cost: each prompt counts once, however many completions it got. Known when all have finished.</summary>
    public Usage Usage
    {
        get
        {
            // Of a prompt's completions, the one that computed the most of it says what was cached.
            var prompts = _completions.Zip(_finishes, (completion, finish) => (completion.Order.PromptIndex, Finish: finish!))
                .GroupBy(one => one.PromptIndex, one => one.Finish).Select(group => group.MinBy(finish => finish.CachedTokens)!).ToList();
            return new Usage(
                prompts.Sum(finish => finish.PromptTokens), _finishes.Sum(finish => finish!.CompletionTokens),
                prompts.Sum(finish => finish.CachedTokens), _finishes.Sum(finish => finish!.DraftedTokens),
                _finishes.Sum(finish => finish!.AcceptedTokens));
        }
    }

    /// <summary>Admits all completions and waits until one has begun, so that what goes wrong until then is an HTTP status.</summary>
    /// <exception cref="ApiException">One of them was refused, or failed.</exception>
    public async Task StartAsync()
    {
        try
        {
            await Task.WhenAll(_completions.Select(completion => completion.StartAsync(_stopping.Token)));
            _firstParts = [.. _completions.Select(completion => completion.ReadAsync(_stopping.Token).AsTask())];
            await await Task.WhenAny(_firstParts);
            _deadline.OnFirstToken();
        }
        catch (Exception exception)
        {
            // What was admitted is given back before the client hears that it may try again.
            await DisposeAsync();
            if (exception is OperationCanceledException && _deadline.Error is { } error)
                throw new ApiException(error);
            throw;
        }
    }

    /// <summary>
    /// Hands over every part of every completion; the parts of one completion in order, those of several in between each other. Each
    /// completion is given back as soon as it is done.
    /// </summary>
    /// <exception cref="ApiException">One of them failed; the others have been cancelled.</exception>
    public async Task ReadAllAsync(Func<int, CompletionPart, CancellationToken, ValueTask> take)
    {
        await Task.WhenAll(Enumerable.Range(0, Count).Select(index => ReadAsync(index, take)));
        if (_failure is OperationCanceledException && _deadline.Error is { } error)
            throw new ApiException(error);
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stopping.CancelAsync();
        // A completion has one user at a time: whoever still waits for a first part must have left.
        await ((Task)Task.WhenAll(_firstParts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var completion in _completions)
            await completion.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ReadAsync(int index, Func<int, CompletionPart, CancellationToken, ValueTask> take)
    {
        await using var completion = _completions[index];
        try
        {
            var part = await _firstParts[index];
            await take(index, part, _stopping.Token);
            while (part.Finish is null)
            {
                part = await completion.ReadAsync(_stopping.Token);
                await take(index, part, _stopping.Token);
            }

            _finishes[index] = part.Finish;
        }
        catch (Exception exception)
        {
            // The first failure is the reason; the others are its consequence.
            Interlocked.CompareExchange(ref _failure, exception, null);
            await _stopping.CancelAsync();
        }
    }
}
