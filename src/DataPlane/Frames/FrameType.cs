namespace OrleansInference.DataPlane.Frames;

/// <summary>The byte that follows a frame's length. Numbers are part of the protocol and are never given to another frame.</summary>
public enum FrameType : byte
{
    Hello = 1,
    Welcome = 2,
    Refuse = 3,
    Ping = 4,
    Open = 16,
    Batch = 17,
    Tokens = 18,
    Clear = 19,
    State = 20,
    Fault = 21,
    Copy = 22,
    Generate = 32,
    Delta = 33,
    Finish = 34,
    Cancel = 35,
}
