namespace Orleans.Configuration;

/// <summary>Bounds of calls.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits where its method sets no <see cref="ResponseTimeoutAttribute"/>. Default 30 s.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Largest message in bytes. Default 100 MiB.</summary>
    public int MaxMessageBodySize { get; set; } = 100 * 1024 * 1024;
}

public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>Calls that may wait for one activation; further ones are refused. Default 0: the engine's own bound, 10,000.</summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }
}

/// <summary>When activations end.</summary>
public class GrainCollectionOptions
{
    /// <summary>How often idle activations are looked for. Default 1 min.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an activation may be idle. Default 15 min.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long an activation may take to start. Default 30 s.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an activation may take to end. Default 30 s.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

public class SiloOptions
{
    public string SiloName { get; set; } = null!;
}

/// <summary>The grain classes and interfaces that this silo hosts; filled from the loaded assemblies.</summary>
public class GrainTypeOptions
{
    public HashSet<Type> Classes { get; } = [];

    public HashSet<Type> Interfaces { get; } = [];
}
