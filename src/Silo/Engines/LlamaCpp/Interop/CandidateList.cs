using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>Room for one row's candidates, the whole vocabulary at first; allocated once per engine.</summary>
internal sealed unsafe class CandidateList(int vocabularySize) : IDisposable
{
    private LlamaTokenData* _data = (LlamaTokenData*)NativeMemory.Alloc((nuint)vocabularySize, (nuint)sizeof(LlamaTokenData));

    /// <summary>Every token with its logit, in token order, as the samplers leave them.</summary>
    /// <exception cref="StageEngineException">A logit is not a number.</exception>
    public ReadOnlySpan<LlamaTokenData> Filter(ReadOnlySpan<float> logits, SamplerChain chain)
    {
        var data = new Span<LlamaTokenData>(_data, vocabularySize);
        for (var token = 0; token < data.Length; token++)
        {
            // Not a number breaks the order that the native sorts rely on, and a broken order makes them read past the end.
            if (float.IsNaN(logits[token]))
                throw new StageEngineException($"The logit of token {token} is not a number.");
            data[token] = new LlamaTokenData { id = token, logit = logits[token] };
        }
        var candidates = new LlamaTokenDataArray { data = _data, size = (nuint)vocabularySize, selected = -1 };
        chain.Apply(ref candidates);
        return candidates.size > 0
            ? new ReadOnlySpan<LlamaTokenData>(candidates.data, (int)candidates.size)
            : throw new StageEngineException("The sampling filters left no token.");
    }

    /// <summary>The logits with biases added, in the same room; valid until the next call.</summary>
    /// <param name="biases">Of tokens of the vocabulary.</param>
    public ReadOnlySpan<float> Bias(ReadOnlySpan<float> logits, ImmutableArray<LogitBias> biases)
    {
        var biased = new Span<float>(_data, vocabularySize);
        logits.CopyTo(biased);
        foreach (var bias in biases)
            biased[bias.Token] += bias.Bias;
        return biased;
    }

    public void Dispose()
    {
        NativeMemory.Free(_data);
        _data = null;
    }
}
