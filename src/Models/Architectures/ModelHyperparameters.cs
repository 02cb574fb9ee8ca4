namespace OrleansInference.Models.Architectures;

/// <summary>Sizes of a model. Where layers differ, the largest counts.</summary>
/// <param name="HeadCount">Attention heads per layer.</param>
/// <param name="KeyValueHeadCount">Heads that share keys and values.</param>
/// <param name="KeyLength">Elements of one head's key.</param>
/// <param name="ContextLength">Positions that the model was trained for.</param>
/// <param name="VocabularySize">Rows of the embedding table.</param>
/// <param name="FeedForwardLength">Width of the feed-forward part; of one expert where the model has experts.</param>
/// <param name="ExpertCount">0 for a dense model.</param>
/// <param name="RopeDimensions">Elements of a head that rotate with the position.</param>
public sealed record ModelHyperparameters(
    int LayerCount, int HiddenSize, int HeadCount, int KeyValueHeadCount, int KeyLength, int ValueLength, int ContextLength,
    int VocabularySize, int FeedForwardLength, int ExpertCount, int RopeDimensions)
{
    private const int HalfBytes = 2;

    /// <summary>Bytes of K and V of one position in one layer, both in F16.</summary>
    public long KvBytesPerTokenPerLayer => (long)KeyValueHeadCount * ((long)KeyLength + ValueLength) * HalfBytes;

    /// <summary>Bounds for sizes that come from a file nobody vouches for, so that no product of them overflows.</summary>
    internal void Check(string file)
    {
        const int most = 1 << 24;
        int[] positive = [LayerCount, HiddenSize, HeadCount, KeyValueHeadCount, KeyLength, ValueLength, FeedForwardLength, RopeDimensions];
        if (positive.Any(size => size is <= 0 or > most) || ExpertCount is < 0 or > most || ContextLength <= 0 || VocabularySize <= 0
            || (long)HeadCount * KeyLength > most || (long)KeyValueHeadCount * Math.Max(KeyLength, ValueLength) > most)
            throw new ModelFormatException($"a size is not between 1 and {most}: {this}", file, subject: "hyperparameters");
    }
}
