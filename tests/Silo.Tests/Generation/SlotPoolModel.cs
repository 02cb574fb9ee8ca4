using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Tests.Generation;

/// <summary>A slot pool beside the stages it stands for: each slot's tokens, changed only by what the pool says is to be done.</summary>
internal sealed class SlotPoolModel
{
    private const int Minimum = 2;

    private readonly Random _random;
    private readonly int _cellCount;
    private readonly List<int>[] _stage;
    private readonly Dictionary<int, (Sequence Sequence, int[] Tokens, int Cells)> _busy = [];
    private readonly SlotPool _slots;

    public SlotPoolModel(Random random)
    {
        _random = random;
        _cellCount = random.Next(8, 60);
        _stage = [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => new List<int>())];
        var rule = random.Next(8) == 0 ? null : new ReuseRule(Minimum, WholeOnly: random.Next(3) == 0);
        _slots = new SlotPool(_stage.Length, _cellCount, rule);
    }

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            if (_busy.Count == 0 || _random.Next(3) == 0)
                Begin();
            else if (_random.Next(2) == 0)
                Advance(_busy.Keys.ElementAt(_random.Next(_busy.Count)));
            else
                End(_busy.Keys.ElementAt(_random.Next(_busy.Count)));
            Check();
        }
    }

    private void Begin()
    {
        // Few tokens, so that beginnings are often the same.
        int[] prompt = [.. Enumerable.Range(0, _random.Next(1, Math.Min(12, _cellCount))).Select(_ => _random.Next(4) / 3)];
        var cells = prompt.Length + _random.Next(0, _cellCount - prompt.Length);
        var mustWait = _busy.Count == _stage.Length || cells > _cellCount - _busy.Values.Sum(one => one.Cells);
        var taken = _slots.TryTake(prompt, cells);
        ClearSlots();
        (taken is null).ShouldBe(mustWait, "only busy slots make a sequence wait");
        if (taken is not { } grant)
            return;

        _busy.ShouldNotContainKey(grant.Slot);
        grant.ReusedTokens.ShouldBeLessThan(prompt.Length);
        if (grant.SourceSlot is not null || grant.ReusedTokens == 0)
            _stage[grant.Slot].ShouldBeEmpty();
        if (grant.SourceSlot is { } source)
        {
            _stage[source].Count.ShouldBeGreaterThanOrEqualTo(grant.ReusedTokens);
            _stage[grant.Slot].AddRange(_stage[source].Take(grant.ReusedTokens));
        }
        else
        {
            _stage[grant.Slot].RemoveRange(grant.ReusedTokens, _stage[grant.Slot].Count - grant.ReusedTokens);
        }
        (grant.ReusedTokens == 0 || grant.ReusedTokens >= Minimum).ShouldBeTrue();
        _stage[grant.Slot].ShouldBe(prompt.Take(grant.ReusedTokens));
        var sequence = new Sequence(grant.Slot, prompt, chunkRows: 5, drafts: null, grant.ReusedTokens);
        _slots.Follow(grant.Slot, sequence);
        _busy[grant.Slot] = (sequence, prompt, cells);
    }

    /// <summary>Rows are sent; sometimes their answer comes back, sometimes it is still under way when the sequence ends.</summary>
    private void Advance(int slot)
    {
        var (sequence, prompt, cells) = _busy[slot];
        if (!sequence.IsPrefilling && sequence.SentRows < cells && sequence.ComputedRows == sequence.SentRows)
            sequence.Continue(_random.Next(2));
        if (!sequence.IsPrefilling && !sequence.WantsDecodeRow)
            return;
        var batch = new BatchInFlight(prompt.Length, maximumParts: 1);
        sequence.Take(batch, prompt.Length);
        _stage[slot].AddRange(batch.Tokens);
        if (_random.Next(5) > 0)
            sequence.OnComputed(sequence.SentRows);
    }

    private void End(int slot)
    {
        if (_random.Next(4) == 0)
            _slots.Release(slot);
        else
            _slots.Keep(slot);
        _busy.Remove(slot);
        ClearSlots();
    }

    private void ClearSlots()
    {
        while (_slots.TryTakeClearing(out var clearing))
        {
            _busy.ShouldNotContainKey(clearing.Slot);
            var tokens = _stage[clearing.Slot];
            tokens.RemoveRange(clearing.FromPosition, tokens.Count - clearing.FromPosition);
        }
    }

    private void Check()
    {
        _slots.BusyCount.ShouldBe(_busy.Count);
        var cells = 0;
        for (var slot = 0; slot < _stage.Length; slot++)
            cells += _busy.TryGetValue(slot, out var busy) ? Math.Max(busy.Cells, _stage[slot].Count) : _stage[slot].Count;
        cells.ShouldBeLessThanOrEqualTo(_cellCount, "what busy slots may come to need is free");
    }
}
