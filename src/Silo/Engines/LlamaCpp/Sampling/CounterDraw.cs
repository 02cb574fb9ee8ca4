namespace OrleansInference.Silo.Engines.LlamaCpp.Sampling;

/// <summary>
/// Uniform draws without a state: Philox4x32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", 2011) with the seed as
/// key and the position as counter. The same seed and position give the same draw on every machine, in every order, however often.
/// </summary>
internal static class CounterDraw
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint KeyStep0 = 0x9E3779B9;
    private const uint KeyStep1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <returns>A multiple of 2^-53, at least 0 and less than 1.</returns>
    public static double Uniform(ulong seed, int position)
    {
        var (word0, word1, _, _) = Philox(((uint)position, 0, 0, 0), ((uint)seed, (uint)(seed >> 32)));
        return ((((ulong)word0 << 32) | word1) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The block function itself, so that it can be held against the published vectors.</summary>
    public static (uint, uint, uint, uint) Philox((uint, uint, uint, uint) counter, (uint, uint) key)
    {
        var (counter0, counter1, counter2, counter3) = counter;
        var (key0, key1) = key;
        for (var round = 0; round < Rounds; round++)
        {
            var product0 = (ulong)Multiplier0 * counter0;
            var product1 = (ulong)Multiplier1 * counter2;
            (counter0, counter1, counter2, counter3) =
                ((uint)(product1 >> 32) ^ counter1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ counter3 ^ key1, (uint)product0);
            unchecked
            {
                key0 += KeyStep0;
                key1 += KeyStep1;
            }
        }
        return (counter0, counter1, counter2, counter3);
    }
}
