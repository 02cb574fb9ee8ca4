using System.Collections.Immutable;
using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Gateway.Generation;
using OrleansInference.Gateway.Heads;

namespace OrleansInference.Gateway.OpenAI;

/// <summary>Gathers completions until all are done, for clients that want no stream.</summary>
internal sealed class CollectedCompletions(CompletionRun run)
{
    private readonly Collected[] _collected = [.. Enumerable.Range(0, run.Count).Select(_ => new Collected())];

    public async Task<IReadOnlyList<FinishedCompletion>> CollectAsync()
    {
        await run.ReadAllAsync((index, part, _) =>
        {
            _collected[index].Add(part);
            return ValueTask.CompletedTask;
        });
        return [.. _collected.Select(collected => collected.ToFinished())];
    }

    private sealed class Collected
    {
        private readonly StringBuilder _text = new();
        private readonly ImmutableArray<TokenLogProbability>.Builder _tokens = ImmutableArray.CreateBuilder<TokenLogProbability>();
        private FinishReason _reason;

        public void Add(CompletionPart part)
        {
            _text.Append(part.Text);
            _tokens.AddRange(part.Tokens);
            _reason = part.Finish?.Reason ?? _reason;
        }

        public FinishedCompletion ToFinished() => new(_text.ToString(), _tokens.ToImmutable(), _reason);
    }
}
