using OrleansInference.DataPlane.Generation;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>
/// llama.cpp's samplers in llama.cpp's order: bias, penalties, top-k, top-p, min-p, temperature. What they leave is drawn from elsewhere;
/// their own draw keeps a state that could not be replayed.
/// </summary>
internal sealed unsafe class SamplerChain : IDisposable
{
    private readonly LlamaSamplerHandle _chain;

    public SamplerChain(SamplingParameters sampling, int vocabularySize)
    {
        _chain = LlamaNative.llama_sampler_chain_init(new LlamaSamplerChainParams { no_perf = 1 });
        if (_chain.IsInvalid)
            throw new StageEngineException("llama.cpp could not make a sampler.");
        if (!sampling.LogitBias.IsDefaultOrEmpty)
            AddBias(sampling, vocabularySize);
        Add(LlamaNative.llama_sampler_init_penalties(
            vocabularySize, sampling.PenaltyWindow, sampling.RepeatPenalty, sampling.FrequencyPenalty, sampling.PresencePenalty));
        if (sampling.IsGreedy)
            return;
        if (sampling.TopK > 0)
            Add(LlamaNative.llama_sampler_init_top_k(sampling.TopK));
        if (sampling.TopP < 1)
            Add(LlamaNative.llama_sampler_init_top_p(sampling.TopP, 1));
        if (sampling.MinP > 0)
            Add(LlamaNative.llama_sampler_init_min_p(sampling.MinP, 1));
        Add(LlamaNative.llama_sampler_init_temp(sampling.Temperature));
    }

    /// <summary>Tells the penalties of a token.</summary>
    public void Accept(int token) => LlamaNative.llama_sampler_accept(_chain, token);

    /// <summary>Makes the penalties forget every token.</summary>
    public void Reset() => LlamaNative.llama_sampler_reset(_chain);

    public void Apply(ref LlamaTokenDataArray candidates)
    {
        fixed (LlamaTokenDataArray* pointer = &candidates)
            LlamaNative.llama_sampler_apply(_chain, pointer);
    }

    public void Dispose() => _chain.Dispose();

    private void AddBias(SamplingParameters sampling, int vocabularySize)
    {
        var biases = sampling.LogitBias.Select(bias => new LlamaLogitBias { token = bias.Token, bias = bias.Bias }).ToArray();
        fixed (LlamaLogitBias* pointer = biases)
            Add(LlamaNative.llama_sampler_init_logit_bias(vocabularySize, biases.Length, pointer));
    }

    private void Add(nint sampler) => LlamaNative.llama_sampler_chain_add(_chain, sampler);
}
