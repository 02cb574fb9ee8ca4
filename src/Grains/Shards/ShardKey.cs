using System.Globalization;

namespace OrleansInference.Grains.Shards;

/// <summary>Key of a shard grain: pipeline/stage, where the pipeline's own key is model/replica.</summary>
public readonly record struct ShardKey(string Pipeline, int Stage)
{
    /// <exception cref="ArgumentException">The key is not of the form pipeline/stage.</exception>
    public static ShardKey Parse(string key)
    {
        var slash = key.LastIndexOf('/');
        return slash > 0 && int.TryParse(key.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var stage)
            ? new ShardKey(key[..slash], stage)
            : throw new ArgumentException($"\"{key}\" is no shard key; model/replica/stage is expected.", nameof(key));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pipeline}/{Stage}");
}
