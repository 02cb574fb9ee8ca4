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
    public void Batch_WhenItsElementsAreBeyondAHalf_ComesBackFiniteInF16()
    {
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring, ElementType.F16, hiddenSize: 3));
        var bytes = codec.Encode(new BatchFrame(1, new BatchRow[2], new float[] { 1, 2, 3, 65_536, -1_048_576, 64 }));
        using var received = (BatchFrame)codec.Decode(bytes);
        received.Hidden.ToArray().ShouldBe([1, 2, 3, 65_536, -1_048_576, 64]);
    }

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
    }

    [Fact]
    public void Frames_WhenDisposed_AreUsedAgainForTheNext()
    {
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Ring, hiddenSize: 4));
        var first = (BatchFrame)codec.Decode(codec.Encode(new BatchFrame(1, new BatchRow[3], new float[12])));
        var other = codec.Decode(codec.Encode(new BatchFrame(2, new BatchRow[1], new float[4])));
        other.ShouldNotBeSameAs(first);
        first.Dispose();

        var third = new BatchFrame(3, new[] { new BatchRow(1, 2, true) }, new float[] { 1, 2, 3, 4 });
        var next = (BatchFrame)codec.Decode(codec.Encode(third));

        next.ShouldBeSameAs(first);
        next.BatchId.ShouldBe(3);
        next.Rows.ToArray().ShouldBe([new BatchRow(1, 2, true)]);
        next.Hidden.ToArray().ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public void Tokens_WhenDisposed_AreUsedAgainWithoutWhatTheyHeld()
    {
        var codec = Codecs.For(RandomFrames.Hello(ConnectionRole.Tokens));
        var first = (TokensFrame)codec.Decode(codec.Encode(
            new TokensFrame(1, new SampledToken[] { new(0, 1, 2, 0, [new TokenProbability(3, -1)]) })));
        first.Tokens.Span[0].Alternatives.ShouldNotBeNull();
        first.Dispose();
        first.Dispose();

        var next = (TokensFrame)codec.Decode(codec.Encode(new TokensFrame(2, new SampledToken[] { new(4, 5, 6, -1, null) })));

        next.ShouldBeSameAs(first);
        next.Tokens.ToArray().ShouldBe([new SampledToken(4, 5, 6, -1, null)]);
        codec.Decode(codec.Encode(new TokensFrame(3, default))).ShouldNotBeSameAs(next);
    }

    [Fact]
    public void DeltaBuffer_WhenEncoded_IsTheDeltaThatWasPutIntoIt() => ForSeeds(seed =>
    {
        var frames = new RandomFrames(seed);
        var codec = Codecs.For(RandomFrames.HelloFor(FrameType.Delta));
        var buffer = new DeltaBuffer(((DeltaFrame)frames.Next(FrameType.Delta)).RequestId);
        for (var round = 0; round < 3; round++)
        {
            var delta = ((DeltaFrame)frames.Next(FrameType.Delta)).Delta;
            buffer.Clear();
            buffer.AddText(delta.Text.AsSpan(0, delta.Text.Length));
            foreach (var token in delta.Tokens)
            {
                buffer.AddToken(token.Token, token.Bytes.AsSpan(), token.LogProbability, token.Alternatives.Length);
                foreach (var other in token.Alternatives)
                    buffer.AddAlternative(other.Token, other.Bytes.AsSpan(), other.LogProbability);
            }
            var received = codec.Decode(codec.Encode(buffer));
            FrameText.Of(received).ShouldBe(FrameText.Of(new DeltaFrame(buffer.RequestId, delta)));
            codec.Encode(buffer).ShouldBe(codec.Encode(received));
        }
    });

    [Theory]
    [InlineData(21, 4, "alternative count is 21, not 0 to 20")]
    [InlineData(1, 1_025, "length of token's bytes is 1025, not 0 to 1024")]
    public void DeltaBuffer_WhenItHoldsTooMuch_IsNotEncoded(int alternatives, int pieceBytes, string problem)
    {
        var codec = Codecs.For(RandomFrames.HelloFor(FrameType.Delta));
        var buffer = new DeltaBuffer(1);
        buffer.AddToken(1, [], 0, alternatives);
        for (var i = 0; i < alternatives; i++)
            buffer.AddAlternative(1, new byte[pieceBytes], 0);
        Should.Throw<ArgumentException>(() => codec.Encode(buffer)).Message.ShouldContain(problem);
    }

    private static void ForSeeds(Action<int> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), property).Check(Runs);
}
