namespace OrleansInference.Embedded.Simulation;

/// <summary>How long a frame is on its way; a simulation may change it as it goes.</summary>
internal sealed class NetworkWeather
{
    /// <summary>The least latency. Default 30 µs.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMicroseconds(30);

    /// <summary>What chance adds at most, mostly far less. Default 500 µs.</summary>
    public TimeSpan Jitter { get; set; } = TimeSpan.FromMicroseconds(500);

    /// <summary>Frames of a thousand that are held up by up to <see cref="Spike"/>. Default 2.</summary>
    public int SpikesPerThousand { get; set; } = 2;

    /// <summary>Default 20 ms.</summary>
    public TimeSpan Spike { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Frames that were held up.</summary>
    public long Spikes { get; private set; }

    public long DrawTicks(Random random)
    {
        var draw = random.NextDouble();
        var ticks = Latency.Ticks + (long)(Jitter.Ticks * draw * draw * draw);
        if (random.Next(1000) >= SpikesPerThousand)
            return ticks;
        Spikes++;
        return ticks + (long)(Spike.Ticks * random.NextDouble());
    }
}
