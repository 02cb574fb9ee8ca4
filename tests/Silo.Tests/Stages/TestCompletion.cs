using System.Text;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Tests.Stages;

/// <summary>What a gateway has heard of one request.</summary>
internal sealed class TestCompletion(long requestId)
{
    private readonly StringBuilder _text = new();
    private readonly List<TokenLogProbability> _tokens = [];
    private readonly TaskCompletionSource<GenerationFinish> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long RequestId => requestId;

    public Task<GenerationFinish> Finished => _finished.Task;

    public GenerationFinish Finish =>
        _finished.Task.IsCompletedSuccessfully ? _finished.Task.Result : throw new InvalidOperationException("Not finished.");

    public string Text
    {
        get
        {
            lock (_text)
                return _text.ToString();
        }
    }

    public IReadOnlyList<TokenLogProbability> Tokens
    {
        get
        {
            lock (_text)
                return [.. _tokens];
        }
    }

    public void Add(GenerationDelta delta)
    {
        lock (_text)
        {
            if (_finished.Task.IsCompleted)
                throw new InvalidOperationException("A delta came after the end.");
            _text.Append(delta.Text);
            _tokens.AddRange(delta.Tokens);
        }
    }

    public void End(GenerationFinish finish) => _finished.SetResult(finish);

    public void Abandon(Exception? reason) => _finished.TrySetException(new IOException("The head closed the connection.", reason));
}
