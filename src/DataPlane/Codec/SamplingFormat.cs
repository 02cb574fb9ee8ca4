using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Codec;

/// <summary>Sampling parameters and runs of tokens, as parts of frames.</summary>
internal static class SamplingFormat
{
    private const int LogitBiasBytes = 8;

    public static void Write(ref FrameWriter writer, SamplingParameters sampling)
    {
        writer.Single(sampling.Temperature);
        writer.Int32(sampling.TopK);
        writer.Single(sampling.TopP);
        writer.Single(sampling.MinP);
        writer.Single(sampling.RepeatPenalty);
        writer.Single(sampling.FrequencyPenalty);
        writer.Single(sampling.PresencePenalty);
        writer.Int32(sampling.PenaltyWindow);
        writer.Int64((long)sampling.Seed);
        writer.Boolean(sampling.LogProbabilities);
        writer.Int32(sampling.TopLogProbabilities);
        writer.Int32(sampling.LogitBias.OrEmpty().Length);
        foreach (var bias in sampling.LogitBias.OrEmpty())
        {
            writer.Int32(bias.Token);
            writer.Single(bias.Bias);
        }
    }

    public static SamplingParameters Read(ref FrameReader reader, DataPlaneOptions options) => new()
    {
        Temperature = reader.Single("temperature"),
        TopK = reader.Int32("top-k"),
        TopP = reader.Single("top-p"),
        MinP = reader.Single("min-p"),
        RepeatPenalty = reader.Single("repeat penalty"),
        FrequencyPenalty = reader.Single("frequency penalty"),
        PresencePenalty = reader.Single("presence penalty"),
        PenaltyWindow = reader.Int32("penalty window"),
        Seed = (ulong)reader.Int64("seed"),
        LogProbabilities = reader.Boolean("log probabilities"),
        TopLogProbabilities = reader.Int32("top log probabilities"),
        LogitBias = ReadBiases(ref reader, options),
    };

    public static void WriteTokens(ref FrameWriter writer, ReadOnlySpan<int> tokens)
    {
        writer.Int32(tokens.Length);
        foreach (var token in tokens)
            writer.Int32(token);
    }

    public static int[] ReadTokens(ref FrameReader reader, string field, int maximum)
    {
        var tokens = new int[reader.Count($"length of {field}", sizeof(int), maximum)];
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] = reader.Int32(field);
        return tokens;
    }

    /// <summary>An immutable array that was never set, as an empty one.</summary>
    public static ImmutableArray<T> OrEmpty<T>(this ImmutableArray<T> array) => array.IsDefault ? [] : array;

    private static ImmutableArray<LogitBias> ReadBiases(ref FrameReader reader, DataPlaneOptions options)
    {
        var biases = new LogitBias[reader.Count("logit bias count", LogitBiasBytes, options.MaximumLogitBiases)];
        for (var i = 0; i < biases.Length; i++)
            biases[i] = new LogitBias(reader.Int32("biased token"), reader.Single("logit bias"));
        return ImmutableCollectionsMarshal.AsImmutableArray(biases);
    }
}
