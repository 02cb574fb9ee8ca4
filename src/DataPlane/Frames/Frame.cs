namespace OrleansInference.DataPlane.Frames;

/// <summary>One message of the data plane. A frame's memory is only read, and must not change until it has been sent.</summary>
public abstract record Frame
{
    private protected Frame()
    {
    }

    public abstract FrameType Type { get; }
}
