using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp.Sampling;

/// <summary>Natural logarithms of the model's own distribution: the softmax of the logits before any filter.</summary>
internal static class LogProbabilities
{
    /// <summary>What is subtracted from a logit to make it a log probability.</summary>
    public static double Normalizer(ReadOnlySpan<float> logits)
    {
        var maximum = GreedyChoice.Maximum(logits);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += MathF.Exp(logit - maximum);
        return maximum + Math.Log(sum);
    }

    /// <summary>The likeliest tokens, the likeliest first, the lower id first on a tie.</summary>
    public static TokenProbability[] Top(ReadOnlySpan<float> logits, int count, double normalizer)
    {
        Span<(int Token, float Logit)> best = stackalloc (int, float)[SamplingLimits.MaximumTopLogProbabilities];
        count = Math.Min(count, Math.Min(best.Length, logits.Length));
        var held = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            var logit = logits[token];
            if (held == count && !(logit > best[held - 1].Logit))
                continue;
            var place = held < count ? held++ : held - 1;
            for (; place > 0 && logit > best[place - 1].Logit; place--)
                best[place] = best[place - 1];
            best[place] = (token, logit);
        }
        var top = new TokenProbability[held];
        for (var place = 0; place < held; place++)
            top[place] = new TokenProbability(best[place].Token, (float)(best[place].Logit - normalizer));
        return top;
    }
}
