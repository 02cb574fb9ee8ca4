using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Sampling;

/// <summary>The token of the largest logit, the lowest id on a tie.</summary>
internal static class GreedyChoice
{
    /// <exception cref="StageEngineException">No logit is a number.</exception>
    public static int Of(ReadOnlySpan<float> logits)
    {
        var maximum = Maximum(logits);
        for (var token = 0; token < logits.Length; token++)
        {
            if (logits[token] == maximum)
                return token;
        }
        throw new StageEngineException("The model's logits are not numbers.");
    }

    /// <summary>The largest number; values that are not numbers lose against every other.</summary>
    public static float Maximum(ReadOnlySpan<float> logits)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var maxima = new Vector<float>(float.NegativeInfinity);
        foreach (var vector in vectors)
            maxima = Vector.ConditionalSelect(Vector.GreaterThan(vector, maxima), vector, maxima);
        var maximum = float.NegativeInfinity;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
            maximum = Math.Max(maximum, maxima[lane]);
        foreach (var logit in logits[(vectors.Length * Vector<float>.Count)..])
        {
            if (logit > maximum)
                maximum = logit;
        }
        return maximum;
    }
}
