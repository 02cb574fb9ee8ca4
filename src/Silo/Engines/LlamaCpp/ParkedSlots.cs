using System.Runtime.InteropServices;
using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>
/// Keeps slots that wait outside of a cache that all slots share, where every row passes over the cells of all the others. They come back
/// when they are used. One thread at a time.
/// </summary>
/// <param name="slots">What each slot holds, in the cache or parked.</param>
/// <param name="maximumBytes">What all parked slots may take together, below 2 GB; others stay in the cache.</param>
internal sealed unsafe class ParkedSlots(SliceContext context, SlotTable slots, int slotCount, long maximumBytes) : IDisposable
{
    /// <summary>Batches without a row of a slot after which it waits, more likely than its stream has only paused.</summary>
    public const int WaitingBatches = 256;

    private readonly (nint Address, int Bytes)[] _states = new (nint, int)[slotCount];
    private readonly long[] _lastBatches = new long[slotCount];
    private long _batches;

    public long Bytes { get; private set; }

    /// <summary>Brings a batch's slots back, and parks one that has waited for long.</summary>
    /// <exception cref="StageEngineException">The cache has no room for a slot.</exception>
    public void Use(ReadOnlySpan<BatchRow> rows)
    {
        _batches++;
        foreach (var row in rows)
        {
            Restore(row.Slot);
            _lastBatches[row.Slot] = _batches;
        }
        for (var slot = 0; slot < slotCount; slot++)
        {
            if (_batches - _lastBatches[slot] <= WaitingBatches || slots.End(slot) == 0)
                continue;
            // One that finds no room is not measured again for every batch.
            _lastBatches[slot] = _batches;
            if (TryPark(slot))
                return;
        }
    }

    /// <summary>Parks whatever there is room for: nothing runs.</summary>
    public void ParkAll()
    {
        for (var slot = 0; slot < slotCount; slot++)
            TryPark(slot);
    }

    /// <exception cref="StageEngineException">The cache has no room for it.</exception>
    public void Restore(int slot)
    {
        if (_states[slot].Bytes == 0)
            return;
        RestoreInto(slot, slot);
        Forget(slot);
    }

    /// <summary>Gives an empty slot what a parked one holds, which stays parked.</summary>
    /// <returns>False when the source is not parked.</returns>
    /// <exception cref="StageEngineException">The cache has no room for it.</exception>
    public bool TryCopy(int sourceSlot, int targetSlot)
    {
        if (_states[sourceSlot].Bytes == 0)
            return false;
        RestoreInto(sourceSlot, targetSlot);
        _lastBatches[targetSlot] = _batches;
        return true;
    }

    public void Forget(int slot)
    {
        var (address, bytes) = _states[slot];
        if (bytes == 0)
            return;
        NativeMemory.Free((void*)address);
        _states[slot] = default;
        Bytes -= bytes;
    }

    public void Dispose()
    {
        for (var slot = 0; slot < slotCount; slot++)
            Forget(slot);
    }

    private bool TryPark(int slot)
    {
        if (slots.End(slot) == 0 || _states[slot].Bytes > 0)
            return false;
        var bytes = context.StateBytes(slot);
        if (bytes > maximumBytes - Bytes || !TryAllocate((int)bytes, out var address))
            return false;
        if (!context.TryExport(slot, new Span<byte>((void*)address, (int)bytes)))
        {
            NativeMemory.Free((void*)address);
            return false;
        }
        _states[slot] = (address, (int)bytes);
        Bytes += bytes;
        context.Remove(slot, 0);
        return true;
    }

    /// <summary>A slot can as well wait in the cache: memory that is short is no failure.</summary>
    private static bool TryAllocate(int bytes, out nint address)
    {
        try
        {
            address = (nint)NativeMemory.Alloc((nuint)bytes);
            return true;
        }
        catch (OutOfMemoryException)
        {
            address = 0;
            return false;
        }
    }

    private void RestoreInto(int slot, int target)
    {
        var (address, bytes) = _states[slot];
        if (context.TryImport(target, new ReadOnlySpan<byte>((void*)address, bytes), out var reason))
            return;
        context.Remove(target, 0);
        throw new StageEngineException($"llama.cpp could not bring back the {slots.End(slot)} positions of slot {slot}: {reason}.");
    }
}
