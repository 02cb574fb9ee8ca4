using OrleansInference.Models.Gguf;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Gguf;

public sealed class BrokenGgufTests : IDisposable
{
    private const uint F32 = 0;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhenEmpty_SaysSo()
    {
        File.WriteAllBytes(_folder.At("empty.gguf"), []);

        Refused(_folder.At("empty.gguf")).ShouldContain("empty");
    }

    [Fact]
    public void Open_WhenMagicIsWrong_SaysWhatItFound() => Refused(new GgufBytes(0, 0, magic: 0x12345678)).ShouldContain("0x12345678");

    [Theory]
    [InlineData(1u, "version 1")]
    [InlineData(4u, "version 4")]
    [InlineData(0x03000000u, "big-endian")]
    public void Open_WhenVersionIsAnother_NamesIt(uint version, string expected) =>
        Refused(new GgufBytes(0, 0, version)).ShouldContain(expected);

    [Theory]
    [InlineData(ulong.MaxValue, 0ul, "tensor count")]
    [InlineData(0ul, ulong.MaxValue, "key count")]
    [InlineData(1ul << 40, 0ul, "tensor count")]
    [InlineData(0ul, 1ul << 62, "key count")]
    public void Open_WhenCountIsImpossible_NamesTheCount(ulong tensors, ulong keys, string expected) =>
        Refused(new GgufBytes(tensors, keys).Data(64)).ShouldContain(expected);

    [Fact]
    public void Open_WhenKeyIsThereTwice_NamesIt() => Refused(new GgufBytes(0, 2).Key("same", 1).Key("same", 2)).ShouldContain("'same'");

    [Fact]
    public void Open_WhenKeyIsEmptyOrNoText_SaysSo()
    {
        Refused(new GgufBytes(0, 1).Text("").U32(4).U32(1).Data(32)).ShouldContain("key 0");
        Refused(new GgufBytes(0, 1).U64(2).Raw([0xff, 0xfe]).U32(4).U32(1)).ShouldContain("UTF-8");
        Refused(new GgufBytes(0, 1).Text("a\0b").U32(4).U32(1)).ShouldContain("zero");
        Refused(new GgufBytes(0, 1).U64(1ul << 63).U32(4).U32(1)).ShouldContain("key 0");
    }

    [Fact]
    public void Open_WhenValueTypeIsUnknown_NamesKeyAndType() =>
        Refused(new GgufBytes(0, 1).Text("odd").U32(13).U32(1)).ShouldSatisfyAllConditions(
            message => message.ShouldContain("'odd'"), message => message.ShouldContain("13"));

    [Fact]
    public void Open_WhenArrayIsOfArrays_SaysSo() =>
        Refused(new GgufBytes(0, 1).Text("deep").U32(9).U32(9).U64(1).Data(32)).ShouldContain("arrays of arrays");

    [Theory]
    [InlineData(0u)]
    [InlineData(8u)]
    [InlineData(10u)]
    public void Open_WhenArrayIsLongerThanTheFile_NamesIt(uint elementType) =>
        Refused(new GgufBytes(0, 1).Text("long").U32(9).U32(elementType).U64(1ul << 60).Data(64)).ShouldContain("'long'");

    [Fact]
    public void Open_WhenStringIsLongerThanTheFile_SaysSo() =>
        Refused(new GgufBytes(0, 1).Text("text").U32(8).U64(1ul << 63)).ShouldContain("bytes long");

    [Fact]
    public void Open_WhenBooleanIsNeitherTrueNorFalse_NamesIt() =>
        Refused(new GgufBytes(0, 1).Text("flag").U32(7).U8(2)).ShouldContain("'flag'");

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(1u << 31)]
    public void Open_WhenAlignmentIsImpossible_SaysSo(uint alignment) =>
        Refused(new GgufBytes(0, 1).Key("general.alignment", alignment)).ShouldContain("general.alignment");

    [Fact]
    public void Open_WhenTensorIsThereTwice_NamesIt() =>
        Refused(new GgufBytes(2, 0).Tensor("twin", [8], F32, 0).Tensor("twin", [8], F32, 32).Data(64)).ShouldContain("'twin'");

    [Fact]
    public void Open_WhenTensorsOverlap_NamesBoth() =>
        Refused(new GgufBytes(2, 0).Tensor("a", [16], F32, 0).Tensor("b", [8], F32, 32).Data(128)).ShouldSatisfyAllConditions(
            message => message.ShouldContain("'a'"), message => message.ShouldContain("'b'"));

    [Fact]
    public void Open_WhenOffsetIsNotAligned_NamesTheTensor() =>
        Refused(new GgufBytes(1, 0).Tensor("crooked", [8], F32, 4).Data(64)).ShouldContain("'crooked'");

    [Theory]
    [InlineData(1ul << 40)]
    [InlineData((1ul << 63) - 32)]
    [InlineData(ulong.MaxValue - 31)]
    public void Open_WhenOffsetIsOutsideTheFile_NamesTheTensor(ulong offset) =>
        Refused(new GgufBytes(1, 0).Tensor("far", [8], F32, offset).Data(64)).ShouldContain("'far'");

    [Theory]
    [InlineData(0ul, 1ul)]
    [InlineData(1ul, 0ul)]
    [InlineData(1ul << 62, 1ul << 62)]
    [InlineData(ulong.MaxValue, 1ul)]
    [InlineData(1ul << 31, 1ul << 33)]
    public void Open_WhenDimensionsAreZeroOrOverflow_NamesTheTensor(ulong first, ulong second) =>
        Refused(new GgufBytes(1, 0).Tensor("huge", [first, second], F32, 0).Data(64)).ShouldContain("'huge'");

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Open_WhenDimensionCountIsImpossible_NamesTheTensor(int count) =>
        Refused(new GgufBytes(1, 0).Tensor("flat", [.. Enumerable.Repeat(1ul, count)], F32, 0).Data(64)).ShouldContain("'flat'");

    [Fact]
    public void Open_WhenRowIsNoWholeNumberOfBlocks_SaysSo() =>
        Refused(new GgufBytes(1, 0).Tensor("part", [33], 8, 0).Data(128)).ShouldContain("blocks of 32");

    [Theory]
    [InlineData(4u, "Q4_2")]
    [InlineData(5u, "Q4_3")]
    [InlineData(31u, "Q4_0_4_4")]
    [InlineData(33u, "Q4_0_8_8")]
    [InlineData(38u, "IQ4_NL_8_8")]
    [InlineData(43u, "unknown")]
    [InlineData(uint.MaxValue, "unknown")]
    public void Open_WhenTensorTypeCannotBeRead_NamesIt(uint type, string expected) =>
        Refused(new GgufBytes(1, 0).Tensor("old", [256], type, 0).Data(1024)).ShouldContain(expected);

    [Fact]
    public void Open_WhenTensorNameIsTooLong_SaysSo() =>
        Refused(new GgufBytes(1, 0).Tensor(new string('n', 64), [8], F32, 0).Data(64)).ShouldContain("64 bytes");

    [Fact]
    public void Open_WhenTensorCountIsHuge_DoesNotAllocateForIt()
    {
        var path = new GgufBytes(200_000, 0).Data(40_000).Save(_folder);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Refused(path);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000);
    }

    [Theory]
    [InlineData(0.999)]
    [InlineData(0.5)]
    [InlineData(0.01)]
    [InlineData(0.001)]
    public void Open_WhenTruncated_SaysWhereItEnds(double share)
    {
        var bytes = File.ReadAllBytes(Pebble.Path);
        File.WriteAllBytes(_folder.At("cut.gguf"), bytes[..(int)(bytes.Length * share)]);

        var fault = Should.Throw<ModelFormatException>(() => GgufFile.Open(_folder.At("cut.gguf")));
        fault.File.ShouldBe(_folder.At("cut.gguf"));
        fault.Offset.ShouldNotBeNull();
    }

    private string Refused(GgufBytes bytes) => Refused(bytes.Save(_folder));

    private static string Refused(string path)
    {
        var fault = Should.Throw<ModelFormatException>(() => GgufFile.Open(path).Dispose());
        fault.Message.ShouldContain(path);
        return fault.Message;
    }
}
