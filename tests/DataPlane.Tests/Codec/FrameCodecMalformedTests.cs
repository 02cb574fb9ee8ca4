using System.Buffers;
using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.DataPlane.Rows;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Codec;

public sealed class FrameCodecMalformedTests
{
    private const int HeaderBytes = 5;

    public static TheoryData<FrameType> FrameTypes => [.. Enum.GetValues<FrameType>()];

    [Theory]
    [MemberData(nameof(FrameTypes))]
    public void Frame_WhenAnyByteOrFieldIsChanged_IsDecodedOrRefused(FrameType type)
    {
        var codec = Codecs.For(RandomFrames.HelloFor(type));
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        long[] values = [0, 1, -1, int.MaxValue, int.MinValue, 0x7FC0_0000, 0x7F80_0000, 0x10000, long.MaxValue, long.MinValue];
        for (var seed = 0; seed < 20; seed++)
        {
            var good = codec.Encode(new RandomFrames(seed).Next(type));
            for (var at = 0; at < good.Length; at++)
            {
                foreach (var value in values)
                {
                    foreach (var width in (int[])[1, 4, 8])
                    {
                        var bad = good.ToArray();
                        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
                        bytes[..Math.Min(width, bad.Length - at)].CopyTo(bad.AsSpan(at));
                        DecodeOrRefuse(codec, bad);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(FrameTypes))]
    public void Frame_WhenMutatedAtRandom_IsDecodedOrRefused(FrameType type) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var codec = Codecs.For(RandomFrames.HelloFor(type));
            var bytes = codec.Encode(new RandomFrames(seed).Next(type)).ToList();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(3))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.Insert(at, (byte)random.Next(256)); break;
                    default: bytes.RemoveAt(at); break;
                }
            }

            DecodeOrRefuse(codec, [.. bytes]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Theory]
    [MemberData(nameof(FrameTypes))]
    public void Frame_WhenCutShortOrFollowedByBytes_IsRefusedByName(FrameType type)
    {
        var codec = Codecs.For(RandomFrames.HelloFor(type));
        var good = codec.Encode(new RandomFrames(7).Next(type));
        Refusal(codec, WithLength([.. good, 0])).Message.ShouldBe($"{type} frame: 1 bytes follow its last field");
        for (var length = HeaderBytes; length < good.Length; length++)
            Refusal(codec, WithLength(good[..length])).Frame.ShouldBe(type);
    }

    [Fact]
    public void Length_WhenImpossible_IsRefusedBeforeItsBytesCome()
    {
        var ring = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring), new DataPlaneOptions { MaximumRingFrameBytes = 4_096 });
        Refusal(ring, [0x01, 0x10, 0, 0]).Message.ShouldBe("A frame announces 4097 bytes, but 4096 is the most on a Ring connection.");
        Refusal(ring, [0xFF, 0xFF, 0xFF, 0xFF]).Message.ShouldContain("4294967295 bytes");
        Refusal(ring, [0, 0, 0, 0]).Message.ShouldContain("no room for its type");
        Refusal(Codecs.For(null), "GET / HTTP/1.1\r\n\r\n"u8.ToArray()).Message.ShouldContain("before a connection is open");
    }

    [Fact]
    public void Type_WhenUnknownOrOfAnotherRole_IsRefusedBeforeItsBytesCome()
    {
        var tokens = Codecs.For(RandomFrames.Hello(ConnectionRole.Tokens));
        Refusal(tokens, [9, 0, 0, 0, 77]).Message.ShouldBe("A frame is of type 77, which is none.");
        Refusal(tokens, [9, 0, 0, 0, (byte)FrameType.Batch]).Message.ShouldBe("Batch frame: it does not belong on a Tokens connection");
        Refusal(tokens, [9, 0, 0, 0, (byte)FrameType.Hello]).Frame.ShouldBe(FrameType.Hello);
        Refusal(Codecs.For(null), [9, 0, 0, 0, (byte)FrameType.Cancel]).Message.ShouldContain("before a connection is open");
    }

    [Fact]
    public void Count_WhenLargerThanTheBytesThatFollow_IsRefusedWithoutAllocation()
    {
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Generation));
        var bytes = Frame(FrameType.Generate, [.. new byte[8], 3, 0xFF, 0xFF, 0xFF, 0]);
        Refusal(codec, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Refusal(codec, bytes);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 << 10);
        refusal.Message.ShouldBe("Generate frame: length of prompt is 16777215, of at least 4 bytes each, but 0 bytes remain");
    }

    [Fact]
    public void Text_WhenNotUtf8_IsRefused()
    {
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring));
        var bytes = Frame(FrameType.Fault, [.. new byte[8], 2, 0, 0, 0, 0xC3, 0x28]);
        Refusal(codec, bytes).Message.ShouldBe("Fault frame: reason is not UTF-8");
    }

    [Theory]
    [InlineData(ElementType.F16, 3f, "Batch frame: a row's scale is no finite power of two from 1 on")]
    [InlineData(ElementType.Q8, -1f, "Batch frame: a row's scale is negative or infinite")]
    public void Batch_WhenARowsScaleIsImpossible_IsRefused(ElementType type, float scale, string problem)
    {
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring, type, hiddenSize: 8));
        var bytes = codec.Encode(new BatchFrame(1, new BatchRow[1], new float[8]));
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(bytes.Length - (int)HiddenRows.RowBytes(type, 8)), scale);
        Refusal(codec, bytes).Message.ShouldBe(problem);
    }

    [Fact]
    public void Hello_WhenOfAnotherVersionOrNoHello_IsRefused()
    {
        var codec = Codecs.For(null);
        var good = codec.Encode(RandomFrames.Hello(ConnectionRole.Ring));
        var newer = good.ToArray();
        newer[HeaderBytes + 4] = 9;
        Refusal(codec, newer).Message.ShouldBe("Hello frame: version 9 of the protocol is not spoken here, only 5");
        var stranger = good.ToArray();
        stranger[HeaderBytes] = 0;
        Refusal(codec, stranger).Message.ShouldContain("begins with");
    }

    [Theory]
    [InlineData(ConnectionRole.Ring)]
    [InlineData(ConnectionRole.Tokens)]
    public void Hello_WhenAStageDoesNotSayOfWhatModelItIs_IsRefusedByTheSender(ConnectionRole role)
    {
        var hello = RandomFrames.Hello(role);
        Problem(Codecs.For(null), hello with { ContentHash = "" }).ShouldContain("content hash is empty");
        Problem(Codecs.For(null), hello with { ContentHash = new string('0', 257) }).ShouldContain("content hash takes 257 bytes");
    }

    [Theory]
    [MemberData(nameof(BadFrames))]
    public void Frame_WhenAValueIsOutOfBounds_IsRefusedByBothSides(string problem, Frame frame, ConnectionRole role)
    {
        var options = new DataPlaneOptions { MaximumBatchRows = 4, MaximumMessages = 2, MaximumStopBytes = 8, MaximumLogitBiases = 2 };
        var strict = Codecs.For(RandomFrames.Hello(role), options);
        Should.Throw<ArgumentException>(() => strict.Encode(frame)).Message.ShouldContain(problem);

        // A sender that does not know the bounds: only the layout is its own.
        var bytes = UncheckedFrame.Encode(frame, RandomFrames.Hello(role));
        Refusal(strict, bytes).Frame.ShouldBe(frame.Type);
    }

    [Fact]
    public void Frame_WhenTheLayoutCannotHoldIt_IsRefusedByTheSender()
    {
        var ring = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring), new DataPlaneOptions { MaximumRingFrameBytes = 1_024 });
        Problem(ring, new BatchFrame(1, new BatchRow[2], new float[8])).ShouldContain("2 rows of 8 elements come with 8 elements");
        Problem(ring, new StateFrame(0, 0, 2_000, new byte[2_000])).ShouldContain("it takes 2025 bytes, but 1024 is the most");
        Problem(ring, new CancelFrame(1)).ShouldContain("does not belong on a Ring connection");
        Problem(Codecs.For(RandomFrames.Hello(ConnectionRole.Ring, hiddenSize: 0)), new BatchFrame(1, new BatchRow[1], default))
            .ShouldContain("names no hidden size");

        var generation = Codecs.For(RandomFrames.Hello(ConnectionRole.Generation));
        var request = new GenerationRequest { Sampling = SamplingParameters.Greedy };
        Problem(generation, new GenerateFrame(1, request)).ShouldContain("0 of messages, prompt and prompt tokens are set");
        Problem(generation, new GenerateFrame(1, request with { Prompt = "", PromptTokens = [] })).ShouldContain("2 of messages");
        Problem(generation, new GenerateFrame(1, request with { Prompt = "", TemplateArguments = "{}" })).ShouldContain("without messages");
        Problem(generation, new GenerateFrame(1, request with { Prompt = "half a pair: \ud83d" })).ShouldNotBeEmpty();
    }

    public static TheoryData<string, Frame, ConnectionRole> BadFrames => BadFrameList.All;

    private static void DecodeOrRefuse(FrameCodec codec, byte[] bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        try
        {
            if (codec.TryDecode(ref rest, out var frame, out _))
                (frame as IDisposable)?.Dispose();
        }
        catch (DataPlaneProtocolException refusal)
        {
            refusal.Message.ShouldNotBeNullOrWhiteSpace();
        }
    }

    private static DataPlaneProtocolException Refusal(FrameCodec codec, byte[] bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        return Should.Throw<DataPlaneProtocolException>(() => codec.TryDecode(ref rest, out _, out _));
    }

    private static string Problem(FrameCodec codec, Frame frame)
    {
        var writer = new ArrayBufferWriter<byte>();
        var problem = Should.Throw<ArgumentException>(() => codec.Encode(frame, writer)).Message;
        writer.WrittenCount.ShouldBe(0);
        return problem;
    }

    private static byte[] Frame(FrameType type, byte[] body) => WithLength([0, 0, 0, 0, (byte)type, .. body]);

    private static byte[] WithLength(byte[] frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - sizeof(int));
        return frame;
    }
}
