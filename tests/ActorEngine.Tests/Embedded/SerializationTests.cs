using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansInference.ActorEngine.Tests.Grains;
using OrleansInference.Embedded.Serialization;

namespace OrleansInference.ActorEngine.Tests.Embedded;

public sealed class SerializationTests
{
    private static readonly Type[] Known =
    [
        typeof(Everything), typeof(Order), typeof(Label), typeof(Shape), typeof(Circle), typeof(Rectangle), typeof(Node), typeof(Point),
        typeof(OrderRefusedException), typeof(Reading), typeof(Mixed),
    ];

    private readonly MessageSerializer _serializer = new(Known);

    public static TheoryData<object> Values =>
    [
        true, (byte)200, (sbyte)-3, 'ß', short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue,
        (Half)1.5, 1.25f, double.NaN, double.NegativeInfinity, 79228162514264337593543950335m, "", "a\0b €𝄞", Guid.NewGuid(),
        DateTime.MaxValue, DateTime.UtcNow, DateTime.Now, TimeSpan.MinValue,
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromMinutes(-210)),
        new DateOnly(2026, 2, 28), new TimeOnly(23, 59), new Uri("https://example.com/a?b"), new Uri("relative", UriKind.Relative),
        new Version(1, 2, 3), IPAddress.IPv6Loopback, new IPEndPoint(IPAddress.Loopback, 5), SiloAddress.New(IPAddress.Loopback, 5, 6),
        GrainId.Create("type", "key/with/slashes"), ShapeKind.Round, (ShapeKind)77, BigKind.Last, new Point(1, -2), (1, "two", 3.0),
        Tuple.Create(1, "two"), new KeyValuePair<string, int>("k", 1), new byte[] { 1, 2 }, new[] { "a", null }, new[] { 1.5f },
        new List<int> { 1, 2 }, new HashSet<string> { "a" }, new Dictionary<string, int?> { ["a"] = 1, ["b"] = null },
        new Queue<int>([1, 2, 3]),
        new Stack<int>([1, 2, 3]), new SortedSet<int> { 3, 1 }, new SortedDictionary<int, string> { [1] = "a" },
        new ReadOnlyCollection<int>([1, 2]), ImmutableArray.Create(1, 2), ImmutableList.Create("a"), ImmutableHashSet.Create(1),
        ImmutableDictionary<string, int>.Empty.Add("a", 1), ImmutableSortedDictionary<string, int>.Empty.Add("a", 1),
        new Circle("c", 2), new Reading(DateTimeOffset.UnixEpoch, 1, 2, 0.5), new Mixed("p", 3) { Extra = "e" },
        new object[] { 1, "a", new Point(3, 4) }, new Dictionary<Point, int> { [new Point(1, 2)] = 3 },
    ];

    [Theory]
    [MemberData(nameof(Values))]
    public void Value_WhenWrittenAndRead_IsTheSame(object value)
    {
        ReadBack<object>(value).ShouldBe(value);
        RoundTripAs(MessageTypes.TypeToSend(value), value).ShouldBe(value);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Value_WhenCopied_IsTheSame(object value) =>
        _serializer.For(MessageTypes.TypeToSend(value)).Copy(value).ShouldBe(value);

    [Fact]
    public void Objects_WhenRandom_RoundTrip() => Prop.ForAll(Everythings, value =>
    {
        Same(ReadBack(value), value);
        Same(Copy(value), value);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Message_WhenDamaged_IsRefusedOrReadButNeverBreaksTheReader() => Prop.ForAll(
        Everythings, ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<byte>(), (value, at, with) =>
        {
            var bytes = Write(value);
            bytes[(int)((uint)at % (uint)bytes.Length)] ^= (byte)(with | 1);
            var cut = bytes.AsMemory(0, (int)((uint)(at >> 8) % (uint)(bytes.Length + 1)));
            foreach (var message in new[] { bytes, cut })
            {
                try
                {
                    Read<Everything>(message);
                }
                catch (InvalidDataException)
                {
                    // Refused.
                }
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void References_WhenSharedOrCircular_StayWhatTheyAre()
    {
        var shared = new Node { Name = "shared" };
        var root = new Node { Name = "root", Children = [shared, shared] };
        root.Parent = root;
        foreach (var copy in new[] { ReadBack(root), Copy(root) })
        {
            copy.ShouldNotBeSameAs(root);
            copy!.Parent.ShouldBeSameAs(copy);
            copy.Children[0].ShouldBeSameAs(copy.Children[1]);
            copy.Children[0].Name.ShouldBe("shared");
        }
    }

    [Fact]
    public void References_WhenMany_StayWhatTheyAre()
    {
        var nodes = Enumerable.Range(0, 500).Select(i => new Node { Name = $"{i}" }).ToList();
        var read = ReadBack(nodes.Concat(nodes).ToList())!;
        for (var i = 0; i < nodes.Count; i++)
        {
            read[i].Name.ShouldBe($"{i}");
            read[i].ShouldBeSameAs(read[i + nodes.Count]);
        }
    }

    [Fact]
    public void Nesting_WhenTooDeep_IsRefusedAndDoesNotOverflowTheStack()
    {
        var root = new Node();
        for (var i = 0; i < 100_000; i++)
            root = new Node { Parent = root };
        Should.Throw<InvalidOperationException>(() => Write(root)).Message.ShouldContain(nameof(Node));
        Should.Throw<InvalidOperationException>(() => Copy(root));
    }

    [Fact]
    public void Message_WhenLargerThanAllowed_IsRefused()
    {
        var error = Should.Throw<InvalidOperationException>(() => _serializer.For(typeof(byte[])).Write(new byte[2000], 1000));
        error.Message.ShouldContain("1,000 bytes");
    }

    [Fact]
    public void Comparer_WhenItIgnoresCase_IsKept()
    {
        var read = ReadBack(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["Key"] = 1 });
        read!["KEY"].ShouldBe(1);
        ReadBack(new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Key" })!.Contains("KEY").ShouldBeTrue();
    }

    [Fact]
    public void Array_WhenImmutableAndNotMade_StaysSo()
    {
        ReadBack(default(ImmutableArray<int>)).IsDefault.ShouldBeTrue();
        ReadBack(ImmutableArray<int>.Empty).IsDefault.ShouldBeFalse();
    }

    [Fact]
    public void Comparer_WhenItIsAnother_IsRefused() => Should.Throw<InvalidOperationException>(
        () => Write(new Dictionary<string, int>(StringComparer.InvariantCulture))).Message.ShouldContain("OrdinalIgnoreCase");

    [Fact]
    public void Copy_WhenPartsAreImmutable_SharesThemAndCopiesTheRest()
    {
        var original = new List<Label> { new() { Text = "shared" } };
        var copy = Copy(original)!;
        copy.ShouldNotBeSameAs(original);
        copy[0].ShouldBeSameAs(original[0]);
    }

    [Fact]
    public void Exception_WhenItsTypeIsNotThere_IsStoodInForByAFallbackThatNamesIt()
    {
        var bytes = Write<Exception>(new OrderRefusedException("refused", 1));
        var name = System.Text.Encoding.ASCII.GetBytes(typeof(OrderRefusedException).FullName!);
        bytes[bytes.AsSpan().IndexOf(name)] = (byte)'X';
        var read = Read<Exception>(bytes);
        var fallback = read.ShouldBeOfType<UnavailableExceptionFallbackException>();
        fallback.Message.ShouldBe("refused");
        fallback.ExceptionType.ShouldBe("X" + typeof(OrderRefusedException).FullName![1..]);
    }

    [Fact]
    public void Exception_WhenAggregate_KeepsAllItsCauses()
    {
        var read = ReadBack(new AggregateException("several", new ArgumentException("one"), new TimeoutException("two")));
        read!.InnerExceptions.Select(inner => inner.GetType()).ShouldBe([typeof(ArgumentException), typeof(TimeoutException)]);
        read.Message.ShouldStartWith("several");
    }

    [Theory]
    [InlineData(typeof(Stream), "Stream")]
    [InlineData(typeof(Action), "Action")]
    [InlineData(typeof(List<Thread>), "Thread")]
    [InlineData(typeof(int[,]), "Int32[,]")]
    [InlineData(typeof(SortedDictionary<Point, int>), "Point for its keys")]
    [InlineData(typeof(Unmarked), nameof(Unmarked))]
    [InlineData(typeof(WithoutId), nameof(WithoutId.Forgotten))]
    [InlineData(typeof(SameIds), "[Id(1)]")]
    [InlineData(typeof(WithBadMember), "WithBadMember cannot be sent because of Inner: System.IO.Stream cannot be sent")]
    [InlineData(typeof(Dictionary<string, WithBadMember>), "because of Inner")]
    [InlineData(typeof(DerivedFromUnmarked), nameof(Unmarked))]
    public void Type_WhenItCannotBeSent_IsRefusedByName(Type type, string named) =>
        Should.Throw<UnsupportedTypeException>(() => _serializer.For(type)).Message.ShouldContain(named);

    private static Arbitrary<Everything> Everythings => (
        from number in ArbMap.Default.GeneratorFor<int>()
        from text in ArbMap.Default.GeneratorFor<string>()
        from bytes in ArbMap.Default.GeneratorFor<byte[]>()
        from list in ArbMap.Default.GeneratorFor<List<double>>()
        from map in ArbMap.Default.GeneratorFor<Dictionary<int, Guid>>()
        from when in ArbMap.Default.GeneratorFor<DateTimeOffset>()
        from maybe in ArbMap.Default.GeneratorFor<long?>()
        from point in ArbMap.Default.GeneratorFor<(int, int)>()
        from depth in Gen.Choose(0, 20)
        select new Everything
        {
            Number = number,
            Text = text,
            Bytes = bytes,
            List = list,
            Map = map,
            When = when,
            Maybe = maybe,
            Points = [new Point(point.Item1, point.Item2), default],
            Shape = number % 2 == 0 ? new Circle(text ?? "", number) : new Rectangle("r", number, 2),
            Any = number % 3 == 0 ? text : number,
            Next = depth == 0 ? null : new Everything { Number = depth },
        }).ToArbitrary();

    private static void Same(Everything? actual, Everything expected)
    {
        actual.ShouldNotBeSameAs(expected);
        actual.ShouldBeEquivalentTo(expected);
    }

    private byte[] Write<T>(T value) => _serializer.For(typeof(T)).Write(value, 10_000_000);

    private T? Read<T>(ReadOnlyMemory<byte> message) => (T?)_serializer.For(typeof(T)).Read(message.Span, (_, _) => null!);

    private T? ReadBack<T>(T value) => Read<T>(Write(value));

    private T? Copy<T>(T value) => (T?)_serializer.For(typeof(T)).Copy(value);

    private object? RoundTripAs(Type type, object value)
    {
        var format = _serializer.For(type);
        return format.Read(format.Write(value, 10_000_000), (_, _) => null!);
    }
}
