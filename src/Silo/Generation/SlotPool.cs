using System.Diagnostics.CodeAnalysis;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.Silo.Generation;

/// <summary>
/// A pipeline's slots and their KV cells. A slot is free, busy, or idle: it keeps the cells of a sequence that has ended, for
/// prompts that begin alike. Idle slots make way, least recently used first, so no sequence ever waits for one. Cells that slots have
/// in common count for each of them, so what a busy slot may come to need is truly free.
/// </summary>
/// <param name="rule">Null when nothing is ever reused.</param>
internal sealed class SlotPool(int slotCount, int cellCount, ReuseRule? rule)
{
    private readonly Use?[] _uses = new Use?[slotCount];
    private readonly Queue<ClearFrame> _clearings = new();
    private int _busyCells;
    private int _idleCells;
    private long _lastUse;

    public int BusyCount { get; private set; }

    /// <summary>A slot for a prompt, or null when the sequence has to wait. Whoever takes it says next what it follows there.</summary>
    /// <param name="cells">What the sequence may come to need.</param>
    public SlotGrant? TryTake(ReadOnlySpan<int> prompt, int cells)
    {
        if (BusyCount == slotCount || cells > cellCount - _busyCells)
            return null;
        var grant = Place(FindSource(prompt), cells);
        Wake(grant.Slot);
        MakeRoom(cells, source: null);
        _uses[grant.Slot] = new Use(cells, ++_lastUse);
        _busyCells += cells;
        BusyCount++;
        return grant;
    }

    /// <summary>Names the sequence whose tokens say what a busy slot holds.</summary>
    public void Follow(int slot, Sequence sequence) => BusyUse(slot).Sequence = sequence;

    /// <summary>A busy slot's sequence has ended; the slot holds what was computed of it, and may go on doing so.</summary>
    public void Keep(int slot)
    {
        var use = BusyUse(slot);
        var tokens = use.Tokens;
        var isExact = use.Sequence is { } sequence && sequence.SentRows == tokens.Length;
        if (rule is null || tokens.Length < rule.MinimumTokens || (rule.WholeOnly && !isExact) || IsHeldElsewhere(slot, tokens))
        {
            Release(slot);
            return;
        }
        if (!isExact)
            _clearings.Enqueue(new ClearFrame(slot, tokens.Length));
        EmptySlotsThatBegin(slot, tokens);
        Leave(use);
        use.Cells = tokens.Length;
        use.LastUse = ++_lastUse;
        use.IsIdle = true;
        _idleCells += use.Cells;
    }

    /// <summary>A busy slot's sequence has ended, and its cells are of no more use.</summary>
    public void Release(int slot)
    {
        Leave(BusyUse(slot));
        _uses[slot] = null;
        _clearings.Enqueue(new ClearFrame(slot, 0));
    }

    /// <summary>What the ring is to clear before anything else is done.</summary>
    public bool TryTakeClearing([NotNullWhen(true)] out ClearFrame? clearing) => _clearings.TryDequeue(out clearing);

    /// <summary>The slot that begins with most of the prompt's tokens; of several the one that holds the least beside them.</summary>
    private Source? FindSource(ReadOnlySpan<int> prompt)
    {
        Source? best = null;
        for (var slot = 0; slot < slotCount && rule is not null; slot++)
        {
            if (_uses[slot] is not { } use || (rule.WholeOnly && !use.IsIdle))
                continue;
            var tokens = use.Tokens;
            // The last token of a prompt is always computed: what follows it is drawn from its row.
            var shared = Math.Min(tokens.CommonPrefixLength(prompt), prompt.Length - 1);
            var lost = use.IsIdle ? tokens.Length - shared : int.MaxValue;
            if (shared < rule.MinimumTokens || (rule.WholeOnly && lost > 0))
                continue;
            if (best is null || (shared, best.Value.Lost).CompareTo((best.Value.Shared, lost)) > 0)
                best = new Source(slot, shared, lost, use.IsIdle);
        }
        return best;
    }

    private SlotGrant Place(Source? source, int cells)
    {
        if (source is not { } found)
        {
            MakeRoom(cells, source: null);
            return new SlotGrant(FreeSlot());
        }
        _uses[found.Slot]!.LastUse = ++_lastUse;
        if (found.IsIdle && (found.Lost < rule!.MinimumTokens || !HasRoomBeside(found.Slot, cells)))
            return new SlotGrant(found.Slot, ReusedTokens: found.Shared);
        if (found.Shared < rule!.MinimumCopiedTokens)
        {
            MakeRoom(cells, source: null);
            return new SlotGrant(FreeSlot());
        }
        MakeRoom(cells, found.Slot);
        return new SlotGrant(FreeSlot(), found.Slot, found.Shared);
    }

    /// <summary>Whether an idle slot could stay while a sequence of so many cells runs in another.</summary>
    private bool HasRoomBeside(int slot, int cells) =>
        BusyCount + 1 < slotCount && cells <= cellCount - _busyCells - _uses[slot]!.Cells;

    /// <summary>Empties idle slots until so many cells and a slot are free, least recently used first and never the source.</summary>
    private void MakeRoom(int cells, int? source)
    {
        while (FreeSlot() < 0 || cells > cellCount - _busyCells - _idleCells)
        {
            var oldest = -1;
            for (var slot = 0; slot < slotCount; slot++)
            {
                if (_uses[slot] is { IsIdle: true } use && slot != source && (oldest < 0 || use.LastUse < _uses[oldest]!.LastUse))
                    oldest = slot;
            }
            EmptyIdle(oldest);
        }
    }

    private int FreeSlot() => Array.IndexOf(_uses, null);

    /// <summary>Whether an idle slot begins with these tokens already.</summary>
    private bool IsHeldElsewhere(int exceptSlot, ReadOnlySpan<int> tokens)
    {
        for (var slot = 0; slot < slotCount; slot++)
        {
            if (slot == exceptSlot || _uses[slot] is not { IsIdle: true } use || !use.Tokens.StartsWith(tokens))
                continue;
            use.LastUse = ++_lastUse;
            return true;
        }
        return false;
    }

    /// <summary>Empties the idle slots that hold nothing but the beginning of these tokens.</summary>
    private void EmptySlotsThatBegin(int exceptSlot, ReadOnlySpan<int> tokens)
    {
        for (var slot = 0; slot < slotCount; slot++)
        {
            if (slot != exceptSlot && _uses[slot] is { IsIdle: true } use && tokens.StartsWith(use.Tokens))
                EmptyIdle(slot);
        }
    }

    private void EmptyIdle(int slot)
    {
        Wake(slot);
        _clearings.Enqueue(new ClearFrame(slot, 0));
    }

    /// <summary>Makes an idle slot free, with its cells as they are.</summary>
    private void Wake(int slot)
    {
        if (_uses[slot] is not { } use)
            return;
        _idleCells -= use.Cells;
        _uses[slot] = null;
    }

    private void Leave(Use use)
    {
        _busyCells -= use.Cells;
        BusyCount--;
    }

    private Use BusyUse(int slot) => _uses[slot] is { IsIdle: false } use
        ? use : throw new InvalidOperationException($"Slot {slot} is not busy.");

    private readonly record struct Source(int Slot, int Shared, int Lost, bool IsIdle);

    private sealed class Use(int cells, long lastUse)
    {
        /// <summary>Of a busy slot what it may come to need, of an idle one what it holds.</summary>
        public int Cells { get; set; } = cells;

        public long LastUse { get; set; } = lastUse;

        public bool IsIdle { get; set; }

        public Sequence? Sequence { get; set; }

        public ReadOnlySpan<int> Tokens => Sequence is { } sequence ? sequence.ComputedTokens : default;
    }
}
