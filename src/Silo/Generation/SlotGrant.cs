using OrleansInference.DataPlane.Frames;

namespace OrleansInference.Silo.Generation;

/// <summary>A slot for a new sequence, and what it begins with.</summary>
/// <param name="Slot">Where the sequence runs. With reused tokens and no source it still holds them, and perhaps more, from before.</param>
/// <param name="SourceSlot">The slot whose first cells are to be copied; null when there is nothing to copy.</param>
/// <param name="ReusedTokens">Tokens at the beginning of the prompt that need not be computed; always fewer than the prompt has.</param>
internal readonly record struct SlotGrant(int Slot, int? SourceSlot = null, int ReusedTokens = 0)
{
    /// <summary>What makes the slot hold the reused tokens and nothing else; null when it is empty and is to be.</summary>
    public Frame? Preparation => SourceSlot is { } source ? new CopyFrame(source, Slot, ReusedTokens)
        : ReusedTokens > 0 ? new ClearFrame(Slot, ReusedTokens)
        : null;
}
