using System.Collections.Immutable;

namespace OrleansInference.Grains.Pipelines;

/// <summary>
/// How often in a row one plan's stages loaded but could not be linked or proven. Once may be chance; from the second time on a device
/// is to blame, but it is hard to say which: one by one they are suspected, since without all of them nothing fits.
/// </summary>
internal sealed class RingFailures
{
    private const int FailuresForSuspicion = 2;

    private ImmutableArray<PlacedStage> _stages = [];
    private int _count;

    /// <returns>Whether a device of the plan should be suspected now.</returns>
    public bool Add(ImmutableArray<PlacedStage> stages)
    {
        _count = _stages.SequenceEqual(stages) ? _count + 1 : 1;
        _stages = stages;
        return _count >= FailuresForSuspicion;
    }

    public void Clear() => (_stages, _count) = ([], 0);

    /// <summary>Of linking: the stage that could not, then the one that it did not reach.</summary>
    public static ImmutableArray<PlacedStage> OfLinking(ImmutableArray<PlacedStage> stages, IReadOnlyList<ShardAnswer> answers)
    {
        var refusing = answers.First(static answer => !answer.IsGood).Stage;
        return [refusing, stages[(refusing.Stage + 1) % stages.Length]];
    }
}
