using OrleansInference.DataPlane.Elements;

namespace OrleansInference.DataPlane.Frames;

/// <summary>
/// The first frame of a connection, from the side that connected. It binds the connection: what follows belongs to this pipeline and
/// epoch, carries hidden rows of this size, element type and model, and names no slot or position beyond these counts.
/// </summary>
public sealed record HelloFrame : Frame
{
    /// <summary>The protocol that this build speaks; another version is refused.</summary>
    public const ushort CurrentVersion = 5;

    public override FrameType Type => FrameType.Hello;

    public ushort Version { get; init; } = CurrentVersion;

    public required ConnectionRole Role { get; init; }

    /// <summary>Pipeline name, model/replica; 1 to 256 bytes of UTF-8.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The plan that the sender follows; 0 or more.</summary>
    public required long Epoch { get; init; }

    /// <summary>The sender's stage, 0 first; 0 for a gateway.</summary>
    public int Stage { get; init; }

    /// <summary>How hidden rows travel on this connection.</summary>
    public ElementType ElementType { get; init; }

    /// <summary>Elements per hidden row; 0 on a connection that carries no batches, and then a Batch frame is refused.</summary>
    public int HiddenSize { get; init; }

    /// <summary>The pipeline's slots: a frame that names another slot is refused. 1 to 65,536.</summary>
    public int SlotCount { get; init; } = MaximumSlots;

    /// <summary>
    /// Positions that a sequence may take (the pipeline's cells): a frame that names a later one is refused. 1 to 16,777,216.
    /// </summary>
    public int PositionCount { get; init; } = MaximumPositions;

    /// <summary>
    /// Hash of the content of the model that the sender's stage was loaded from; 1 to 256 bytes of UTF-8. A gateway, which loads none, leaves
    /// it empty.
    /// </summary>
    public string ContentHash { get; init; } = "";

    internal const int MaximumSlots = 1 << 16;
    internal const int MaximumPositions = 1 << 24;
    internal const int MaximumHiddenSize = 1 << 17;
}

/// <summary>What a connection is for; it decides which frames may travel on it, in either direction.</summary>
public enum ConnectionRole : byte
{
    /// <summary>A stage to the next: Open, Batch, Clear, Copy, State, Fault.</summary>
    Ring = 1,
    /// <summary>The last stage to the head: Tokens, Fault.</summary>
    Tokens = 2,
    /// <summary>A gateway to a head: Generate, Cancel; Delta, Finish back.</summary>
    Generation = 3,
}
