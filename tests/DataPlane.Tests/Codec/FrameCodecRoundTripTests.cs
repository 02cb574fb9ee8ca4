using System.Buffers;
using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using OrleansInference.DataPlane.Codec;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Rows;
using OrleansInference.DataPlane.Tests.Fakes;

namespace OrleansInference.DataPlane.Tests.Codec;

public sealed class FrameCodecRoundTripTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(300);

    public static TheoryData<FrameType> FrameTypes => [.. Enum.GetValues<FrameType>()];

    [Theory]
    [MemberData(nameof(FrameTypes))]
    public void Frame_WhenEncodedAndDecoded_IsTheSame(FrameType type) => ForSeeds(seed =>
    {
        var codec = Codecs.For(RandomFrames.HelloFor(type));
        var frame = new RandomFrames(seed).Next(type);
        FrameText.Of(codec.Decode(codec.Encode(frame))).ShouldBe(FrameText.Of(frame));
    });

    [Theory]
    [MemberData(nameof(FrameTypes))]
    public void Frame_WhenSplitAtEveryByte_DecodesOnceItIsWhole(FrameType type)
    {
        var codec = Codecs.For(RandomFrames.HelloFor(type));
        for (var seed = 0; seed < 10; seed++)
        {
            var frame = new RandomFrames(seed).Next(type);
            var bytes = codec.Encode(frame);
            for (var length = 0; length < bytes.Length; length++)
            {
                var part = new ReadOnlySequence<byte>(bytes, 0, length);
                codec.TryDecode(ref part, out _, out _).ShouldBeFalse();
                part.Length.ShouldBe(length);
                FrameText.Of(codec.Decode(Codecs.Split(bytes, length))).ShouldBe(FrameText.Of(frame));
            }

            FrameText.Of(codec.Decode(Codecs.Split(bytes, [.. Enumerable.Range(1, bytes.Length - 1)]))).ShouldBe(FrameText.Of(frame));
        }
    }

    [Fact]
    public void Frames_WhenPipelined_AreTakenOneByOne() => ForSeeds(seed =>
    {
        var random = new Random(seed);
        var frames = new RandomFrames(seed);
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring));
        FrameType[] types =
            [FrameType.Ping, FrameType.Open, FrameType.Batch, FrameType.Clear, FrameType.Copy, FrameType.State, FrameType.Fault];
        var sent = Enumerable.Range(0, 12).Select(_ => frames.Next(types[random.Next(types.Length)])).ToArray();
        var bytes = sent.SelectMany(codec.Encode).ToArray();
        var rest = Codecs.Split(bytes, random.Next(bytes.Length));
        foreach (var frame in sent)
        {
            codec.TryDecode(ref rest, out var received, out _).ShouldBeTrue();
            FrameText.Of(received).ShouldBe(FrameText.Of(frame));
        }

        rest.IsEmpty.ShouldBeTrue();
    });

    [Theory]
    [InlineData(ElementType.F32, 0)]
    [InlineData(ElementType.F16, 0.001)]
    [InlineData(ElementType.Q8, 0.005)]
    public void Batch_WhenOfAnElementType_ComesBackWithinItsPrecision(ElementType type, double tolerance) => ForSeeds(seed =>
    {
        var hello = RandomFrames.Hello(ConnectionRole.Ring, type, hiddenSize: 1 + seed % 300);
        var codec = Codecs.For(hello);
        var frame = (BatchFrame)new RandomFrames(seed).Next(FrameType.Batch, hello);
        var bytes = codec.Encode(frame);
        using var received = (BatchFrame)codec.Decode(Codecs.Split(bytes, bytes.Length / 2));
        received.Rows.ToArray().ShouldBe(frame.Rows.ToArray());
        for (var i = 0; i < frame.Hidden.Length; i++)
            Math.Abs(received.Hidden.Span[i] - frame.Hidden.Span[i]).ShouldBeLessThanOrEqualTo((float)(tolerance * 10));
    });

    [Fact]
    public void Batch_WhenReceived_IsAlignedAndGoesBackToThePoolOnce()
    {
        var pool = new AlignedBufferPool(1 << 20);
        var hello = RandomFrames.Hello(ConnectionRole.Ring, hiddenSize: 100);
        var codec = Codecs.For(hello, pool: pool);
        var bytes = codec.Encode(new BatchFrame(1, new[] { new BatchRow(0, 0, true) }, new float[100]));
        var batch = (BatchFrame)codec.Decode(bytes);
        MemoryMarshal.TryGetArray(batch.Hidden, out var array).ShouldBeTrue();
        (Marshal.UnsafeAddrOfPinnedArrayElement(array.Array!, array.Offset) % 64).ShouldBe(0);

        batch.Dispose();
        var pooledBytes = pool.PooledBytes;
        pooledBytes.ShouldBeGreaterThan(0);
        batch.Dispose();
        pool.PooledBytes.ShouldBe(pooledBytes);
        Should.Throw<ObjectDisposedException>(() => ((AlignedBuffer)batch.Owner!).Memory);
    }

    private static void ForSeeds(Action<int> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), property).Check(Runs);
}
