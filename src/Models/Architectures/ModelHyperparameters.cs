namespace OrleansInference.Models.Architectures;

/// <summary>Sizes of a model. Where layers differ, the largest counts.</summary>
/// <param name="HeadCount">Attention heads per layer.</param>
/// <param name="KeyValueHeadCount">Heads that share keys and values.</param>
/// <param name="KeyLength">Elements of one head's key.</param>
/// <param name="ContextLength">Positions that the model was trained for.</param>
/// <param name="VocabularySize">Rows of the embedding table.</param>
/// <param name="FeedForwardLength">Width of the feed-forward part; of one expert where the model has experts.</param>
/// <param name="ExpertCount">0 for a dense model.</param>
public sealed record ModelHyperparameters(
    int LayerCount, int HiddenSize, int HeadCount, int KeyValueHeadCount, int KeyLength, int ValueLength, int ContextLength,
    int VocabularySize, int FeedForwardLength, int ExpertCount)
{
    private const int HalfBytes = 2;

    /// <summary>Bytes of K and V of one position in one layer, both in F16.</summary>
    public long KvBytesPerTokenPerLayer => (long)KeyValueHeadCount * ((long)KeyLength + ValueLength) * HalfBytes;
}
