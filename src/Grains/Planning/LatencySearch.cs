using System.Numerics;

namespace OrleansInference.Grains.Planning;

/// <summary>
/// The order of devices with the least latency for a fixed number of stages: dynamic programming over (set of devices, first of them,
/// first layer), once per head because the ring closes at it. Costs are integers, so ties are real and are broken by name: first the
/// head, then the set, then the order.
/// </summary>
internal sealed class LatencySearch(PlanTables tables, int stageCount, long stageLimit)
{
    private readonly int _deviceCount = tables.Devices.Length;
    private readonly int _layerCount = tables.LayerCount;
    private readonly int[][] _farthestEnds = FarthestEnds(tables, stageLimit);
    // [set * devices + device][layer]: the cheapest way to serve layers from this one on with exactly this set, this device first.
    private readonly long[]?[] _rest = new long[]?[tables.Devices.Length << tables.Devices.Length];
    private readonly long[] _after = new long[tables.LayerCount + 1];
    private readonly int[] _window = new int[tables.LayerCount + 1];

    /// <returns>Device indices in ring order, or null when nothing fits.</returns>
    public int[]? FindOrder()
    {
        if (stageCount == 1)
            return FindSingle();
        int[]? order = null;
        var best = PlanTables.Never;
        for (var head = 0; head < _deviceCount; head++)
        {
            FillRests(head);
            var (set, total) = FindBestSet(head);
            if (total >= best)
                continue;
            best = total;
            order = Walk(head, set, total);
        }
        return order;
    }

    private int[]? FindSingle()
    {
        var fitting = Enumerable.Range(0, _deviceCount).Where(device => tables.Fits(device, 0, _layerCount, stageLimit)).ToArray();
        return fitting.Length == 0 ? null : [fitting.MinBy(device => tables.Time(device, 0, _layerCount))];
    }

    private void FillRests(int head)
    {
        for (var set = 1; set < 1 << _deviceCount; set++)
        {
            var size = BitOperations.PopCount((uint)set);
            if (size >= stageCount || Contains(set, head))
                continue;
            for (var device = 0; device < _deviceCount; device++)
            {
                if (!Contains(set, device))
                    continue;
                var rest = _rest[set * _deviceCount + device] ??= new long[_layerCount + 1];
                if (size == 1)
                    FillLastStage(rest, device, head);
                else
                    FillInnerStage(rest, device, set & ~(1 << device));
            }
        }
    }

    private void FillLastStage(long[] rest, int device, int head)
    {
        for (var layer = 0; layer < _layerCount; layer++)
            rest[layer] = layer > 0 && tables.Fits(device, layer, _layerCount, stageLimit)
                ? tables.Time(device, layer, _layerCount) + tables.Hop(device, head)
                : PlanTables.Never;
    }

    // A stage [layer, end) costs the difference of two prefix sums, and its farthest end only falls as the layer falls: the minimum
    // over all ends is a sliding-window minimum.
    private void FillInnerStage(long[] rest, int device, int others)
    {
        FillAfter(device, others);
        Array.Fill(rest, PlanTables.Never);
        var (oldest, next) = (0, 0);
        for (var layer = _layerCount - 2; layer > 0; layer--)
        {
            var entering = layer + 1;
            if (_after[entering] < PlanTables.Never)
            {
                while (next > oldest && CostAt(device, _window[next - 1]) >= CostAt(device, entering))
                    next--;
                _window[next++] = entering;
            }
            while (oldest < next && _window[oldest] > _farthestEnds[device][layer])
                oldest++;
            if (oldest < next)
                rest[layer] = CostAt(device, _window[oldest]) - tables.TimeBefore(device, layer);
        }
    }

    private long CostAt(int device, int end) => _after[end] + tables.TimeBefore(device, end);

    private void FillAfter(int device, int others)
    {
        Array.Fill(_after, PlanTables.Never);
        for (var next = 0; next < _deviceCount; next++)
        {
            if (!Contains(others, next))
                continue;
            var rest = _rest[others * _deviceCount + next]!;
            var hop = tables.Hop(device, next);
            for (var layer = 1; layer < _layerCount; layer++)
                if (rest[layer] < PlanTables.Never)
                    _after[layer] = Math.Min(_after[layer], rest[layer] + hop);
        }
    }

    private (int Set, long Total) FindBestSet(int head)
    {
        var (bestSet, best) = (0, PlanTables.Never);
        for (var set = 1; set < 1 << _deviceCount; set++)
        {
            if (BitOperations.PopCount((uint)set) != stageCount - 1 || Contains(set, head))
                continue;
            FillAfter(head, set);
            var total = PlanTables.Never;
            for (var end = 1; end <= _farthestEnds[head][0]; end++)
                total = Math.Min(total, CostAt(head, end));
            if (total < best || total == best && total < PlanTables.Never && ComesBefore(set, bestSet))
                (bestSet, best) = (set, total);
        }
        return (bestSet, best);
    }

    private int[] Walk(int head, int set, long total)
    {
        var order = new int[stageCount];
        order[0] = head;
        var (device, layer, remaining) = (head, 0, total);
        for (var stage = 1; stage < stageCount; stage++)
        {
            (device, layer, remaining) = Step(device, layer, set, remaining);
            order[stage] = device;
            set &= ~(1 << device);
        }
        return order;
    }

    private (int Device, int Layer, long Remaining) Step(int device, int layer, int set, long remaining)
    {
        for (var next = 0; next < _deviceCount; next++)
        {
            if (!Contains(set, next))
                continue;
            var rest = _rest[set * _deviceCount + next]!;
            for (var end = layer + 1; end <= _farthestEnds[device][layer]; end++)
            {
                var stage = tables.TimeBefore(device, end) - tables.TimeBefore(device, layer) + tables.Hop(device, next);
                if (rest[end] < PlanTables.Never && stage + rest[end] == remaining)
                    return (next, end, rest[end]);
            }
        }
        throw new InvalidOperationException("The search lost its own trace.");
    }

    private static int[][] FarthestEnds(PlanTables tables, long stageLimit) =>
        [.. Enumerable.Range(0, tables.Devices.Length).Select(device => Enumerable.Range(0, tables.LayerCount)
            .Select(layer => tables.FarthestInnerEnd(device, layer, stageLimit)).ToArray())];

    private static bool Contains(int set, int device) => (set & (1 << device)) != 0;

    // Of two sets of one size, the one with the first name that the other lacks.
    private static bool ComesBefore(int set, int other)
    {
        var difference = set ^ other;
        return (set & difference & -difference) != 0;
    }
}
