using OrleansInference.DataPlane.Rows;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>Which of llama.cpp's sequences holds each slot. Of slots with cells of their own those that compute together sit side by side.</summary>
internal sealed class SlotSeats(int slotCount)
{
    private readonly int[] _seats = [.. Enumerable.Range(0, slotCount)];
    private readonly int[] _slots = [.. Enumerable.Range(0, slotCount)];

    public int Count => slotCount;

    public int this[int slot] => _seats[slot];

    public int SlotAt(int seat) => _slots[seat];

    public void Exchange(int slot, int other)
    {
        (_seats[slot], _seats[other]) = (_seats[other], _seats[slot]);
        (_slots[_seats[slot]], _slots[_seats[other]]) = (slot, other);
    }

    /// <summary>Rows with their slots' seats in place of the slots.</summary>
    /// <param name="seated">Room for as many.</param>
    public ReadOnlySpan<BatchRow> Seat(ReadOnlySpan<BatchRow> rows, Span<BatchRow> seated)
    {
        for (var index = 0; index < rows.Length; index++)
            seated[index] = rows[index] with { Slot = _seats[rows[index].Slot] };
        return seated[..rows.Length];
    }
}
