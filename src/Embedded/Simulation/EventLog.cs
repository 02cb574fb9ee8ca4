using System.Globalization;

namespace OrleansInference.Embedded.Simulation;

/// <summary>All that happened, in order, as one number; and as text for whoever wants to read it.</summary>
internal sealed class EventLog(SimulationLoop loop, int seed, TextWriter? trace)
{
    private const ulong Prime = 0x9E37_79B9_7F4A_7C15;

    private ulong _hash = Mix(Prime, (ulong)seed);

    /// <summary>Equal for equal runs.</summary>
    public string Hash => _hash.ToString("x16", CultureInfo.InvariantCulture);

    public long Count { get; private set; }

    public void Add(EventKind kind, long subject)
    {
        Count++;
        _hash = Mix(Mix(_hash, (ulong)loop.NowTicks), (ulong)subject << 8 | (uint)kind);
    }

    /// <summary>Something that a reader of the log wants to know.</summary>
    public void Add(string subject, string text)
    {
        if (!loop.IsOnThread("A log entry"))
            return;
        Add(EventKind.Text, text.Length);
        foreach (var character in text)
            _hash = Mix(_hash, character);
        trace?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loop.Now.TotalSeconds,12:F6} {subject,-12} {text}"));
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * Prime;
        return hash ^ hash >> 29;
    }
}
