using System.Collections.Immutable;
using OrleansInference.DataPlane.Elements;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Generation;
using OrleansInference.DataPlane.Rows;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Valid frames of every type, made from a seed.</summary>
internal sealed class RandomFrames(int seed)
{
    public const int SlotCount = 24;
    public const int PositionCount = 4_096;

    private readonly Random _random = new(seed);

    public static HelloFrame Hello(ConnectionRole role, ElementType elementType = ElementType.F32, int hiddenSize = 8) => new()
    {
        Role = role, Pipeline = "pebble/0", Epoch = 3, Stage = 1, ElementType = elementType, HiddenSize = hiddenSize,
        SlotCount = SlotCount, PositionCount = PositionCount, ContentHash = "5eed",
    };

    /// <summary>A Hello of the role that the frame type travels with; null for the frames that open a connection.</summary>
    public static HelloFrame? HelloFor(FrameType type) => type switch
    {
        FrameType.Hello or FrameType.Welcome or FrameType.Refuse => null,
        FrameType.Tokens => Hello(ConnectionRole.Tokens),
        FrameType.Generate or FrameType.Delta or FrameType.Finish or FrameType.Cancel => Hello(ConnectionRole.Generation),
        _ => Hello(ConnectionRole.Ring),
    };

    public Frame Next(FrameType type, HelloFrame? hello = null) => type switch
    {
        FrameType.Hello => Hello(Pick<ConnectionRole>(), Pick<ElementType>(), _random.Next(9_000)) with
        {
            Pipeline = Text(1, 40), Epoch = _random.NextInt64(), Stage = _random.Next(100), SlotCount = _random.Next(1, 100),
            PositionCount = _random.Next(1, 1 << 20), ContentHash = Text(1, 40),
        },
        FrameType.Welcome => new WelcomeFrame(),
        FrameType.Refuse => new RefuseFrame(Text(0, 200)),
        FrameType.Ping => new PingFrame((ulong)_random.NextInt64(), Flip()),
        FrameType.Open => new OpenFrame(Slot(), Sampling(), Tokens(0, 50)),
        FrameType.Batch => Batch(hello ?? HelloFor(type)!),
        FrameType.Tokens => new TokensFrame(_random.NextInt64(), Many(0, 6, SampledToken), Timing()),
        FrameType.Clear => new ClearFrame(Slot(), _random.Next(PositionCount + 1)),
        FrameType.Copy => Copy(),
        FrameType.State => State(),
        FrameType.Fault => new FaultFrame(_random.NextInt64(), Text(0, 100)),
        FrameType.Generate => new GenerateFrame(_random.NextInt64(), Request()),
        FrameType.Delta => new DeltaFrame(_random.NextInt64(), new GenerationDelta(Text(0, 30), [.. Many(0, 4, TokenLogProbability)])),
        FrameType.Finish => new FinishFrame(_random.NextInt64(), Finish()),
        _ => new CancelFrame(_random.NextInt64()),
    };

    private BatchFrame Batch(HelloFrame hello)
    {
        var rows = Many(1, 9, () => new BatchRow(Slot(), Position(), Flip()));
        var hidden = new float[rows.Length * hello.HiddenSize];
        for (var i = 0; i < hidden.Length; i++)
            hidden[i] = (float)((_random.NextDouble() - 0.5) * 20);
        return new BatchFrame(_random.NextInt64(), rows, hidden, Timing: Timing());
    }

    private CopyFrame Copy()
    {
        var source = Slot();
        return new CopyFrame(source, (source + _random.Next(1, SlotCount)) % SlotCount, 1 + Position());
    }

    private RingTiming Timing() => new RingTiming(0, 0, _random.Next(2) == 0).Then(_random.Next()).Then(_random.Next());

    private StateFrame State()
    {
        var chunk = new byte[_random.Next(1, 200)];
        _random.NextBytes(chunk);
        var offset = _random.NextInt64(1 << 30);
        return new StateFrame(Slot(), offset, offset + chunk.Length + _random.NextInt64(1 << 30), chunk);
    }

    private GenerationRequest Request()
    {
        var kind = _random.Next(3);
        return new GenerationRequest
        {
            Messages = kind == 0 ? [.. Many(1, 5, () => new ChatMessage(Text(1, 10), Text(0, 80)))] : null,
            TemplateArguments = kind == 0 && Flip() ? Text(1, 60) : null,
            Prompt = kind == 1 ? Text(0, 300) : null,
            PromptTokens = kind == 2 ? [.. Tokens(0, 60)] : null,
            Sampling = Sampling(),
            MaximumTokens = Flip() ? null : _random.Next(1, 5_000),
            Stop = [.. Many(0, 4, () => Text(1, 12))],
            Echo = Flip(),
            PrefillChunkRows = _random.Next(600),
        };
    }

    private SamplingParameters Sampling() => new()
    {
        Temperature = Between(0, 2), TopK = _random.Next(200), TopP = Between(0, 1), MinP = Between(0, 1), RepeatPenalty = Between(0.5f, 2),
        FrequencyPenalty = Between(-2, 2), PresencePenalty = Between(-2, 2), PenaltyWindow = _random.Next(512),
        LogitBias = [.. Many(0, 5, () => new LogitBias(Token(), Between(-100, 100)))], Seed = (ulong)_random.NextInt64(),
        LogProbabilities = Flip(), TopLogProbabilities = _random.Next(21),
    };

    private GenerationFinish Finish()
    {
        var reason = Pick<FinishReason>();
        var promptTokens = _random.Next(9_999);
        var error = reason == FinishReason.Error
            ? new GenerationError(Pick<GenerationErrorCode>(), Text(0, 60), _random.Next(5_000))
            : null;
        return new GenerationFinish(
            reason, promptTokens, _random.Next(9_999), error, _random.Next(promptTokens + 1), 500 + _random.Next(500), _random.Next(500));
    }

    private SampledToken SampledToken() => new(
        Slot(), 1 + Position(), Token(), Flip() ? float.NaN : Between(-20, 0),
        Flip() ? null : Many(0, 20, () => new TokenProbability(Token(), Between(-20, 0))));

    private TokenLogProbability TokenLogProbability() => new(
        Token(), Piece(), Between(-20, 0), [.. Many(0, 5, () => new AlternativeToken(Token(), Piece(), Between(-20, 0)))]);

    private ImmutableArray<byte> Piece() => [.. Many(0, 8, () => (byte)_random.Next(256))];

    private int[] Tokens(int minimum, int maximum) => Many(minimum, maximum, Token);

    private T[] Many<T>(int minimum, int maximum, Func<T> make)
    {
        var items = new T[_random.Next(minimum, maximum + 1)];
        for (var i = 0; i < items.Length; i++)
            items[i] = make();
        return items;
    }

    private string Text(int minimum, int maximum) =>
        string.Concat(Many(minimum, maximum, () => Pick("a", "Z", " ", "\n", "\0", "é", "日", "🐢")));

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private TEnum Pick<TEnum>()
        where TEnum : struct, Enum => Pick(Enum.GetValues<TEnum>());

    private float Between(float minimum, float maximum) => minimum + (float)_random.NextDouble() * (maximum - minimum);

    private bool Flip() => _random.Next(2) == 0;

    private int Slot() => _random.Next(SlotCount);

    private int Position() => _random.Next(PositionCount);

    private int Token() => _random.Next(1 << 18);
}
