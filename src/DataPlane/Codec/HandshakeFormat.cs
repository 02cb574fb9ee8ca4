using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Codec;

/// <summary>Hello, Refuse and Ping. Welcome has no fields.</summary>
internal static class HandshakeFormat
{
    /// <summary>"OINF": what a stranger that found the port does not begin with.</summary>
    private const int Magic = 0x464E494F;

    public static void Write(ref FrameWriter writer, HelloFrame hello)
    {
        writer.Int32(Magic);
        writer.UInt16(hello.Version);
        writer.Byte((byte)hello.Role);
        writer.String(hello.Pipeline);
        writer.Int64(hello.Epoch);
        writer.Int32(hello.Stage);
        writer.Byte((byte)hello.ElementType);
        writer.Int32(hello.HiddenSize);
        writer.Int32(hello.SlotCount);
        writer.Int32(hello.PositionCount);
        writer.String(hello.ContentHash);
    }

    public static HelloFrame ReadHello(ref FrameReader reader)
    {
        if (reader.Int32("magic") is var magic && magic != Magic)
            throw reader.Bad($"begins with {magic:x8}, not with {Magic:x8}");
        // Checked before the rest is read, because another version's Hello may have other fields.
        if (reader.UInt16("version") is var version && version != HelloFrame.CurrentVersion)
            throw reader.Bad($"version {version} of the protocol is not spoken here, only {HelloFrame.CurrentVersion}");
        return new HelloFrame
        {
            Version = version,
            Role = reader.Enumeration<ConnectionRole>("role"),
            Pipeline = reader.String("pipeline", FrameRules.MaximumNameBytes),
            Epoch = reader.Int64("epoch"),
            Stage = reader.Int32("stage"),
            ElementType = reader.Enumeration<ElementType>("element type"),
            HiddenSize = reader.Int32("hidden size"),
            SlotCount = reader.Int32("slot count"),
            PositionCount = reader.Int32("position count"),
            ContentHash = reader.String("content hash", FrameRules.MaximumNameBytes),
        };
    }

    public static RefuseFrame ReadRefuse(ref FrameReader reader) => new(reader.String("reason", FrameRules.MaximumReasonBytes));

    public static void Write(ref FrameWriter writer, PingFrame ping)
    {
        writer.Int64((long)ping.Nonce);
        writer.Boolean(ping.IsReply);
    }

    public static PingFrame ReadPing(ref FrameReader reader) => new((ulong)reader.Int64("nonce"), reader.Boolean("reply"));
}
