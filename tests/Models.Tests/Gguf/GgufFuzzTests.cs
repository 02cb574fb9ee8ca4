using FsCheck;
using FsCheck.Fluent;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Gguf;

public sealed class GgufFuzzTests : IDisposable
{
    private const int Cases = 600;
    private const long AllocationLimitBytes = 16 * 1024 * 1024;
    private static readonly ulong[] NastyNumbers =
        [0, 1, 7, 31, 0x7f, 0xff, 0xffff, 1ul << 31, uint.MaxValue, 1ul << 32, 1ul << 62, 1ul << 63, ulong.MaxValue];

    private readonly TestFolder _folder = new();
    private readonly byte[] _good;
    private readonly int _headerBytes;

    public GgufFuzzTests()
    {
        var path = TestModel.Write(_folder, TestModel.Small, GgmlType.Q8_0);
        _good = File.ReadAllBytes(path);
        using var file = GgufFile.Open(path);
        _headerBytes = (int)file.Tensors.Min(tensor => tensor.FileOffset);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhenBytesAreFlipped_OpensOrRefuses()
    {
        var flips = Gen.Zip(Gen.Choose(0, _headerBytes - 1), Gen.Choose(1, 255)).ArrayOf().Where(changes => changes.Length is > 0 and < 20);
        Check(flips, changes =>
        {
            var bytes = _good.ToArray();
            foreach (var (at, mask) in changes)
                bytes[at] ^= (byte)mask;
            return bytes;
        });
    }

    [Fact]
    public void Open_WhenTruncated_OpensOrRefuses() =>
        Check(Gen.OneOf(Gen.Choose(0, _headerBytes), Gen.Choose(0, _good.Length)), length => _good[..length]);

    [Fact]
    public void Open_WhenBytesAreInsertedOrRemoved_OpensOrRefuses() =>
        Check(Gen.Zip(Gen.Choose(0, _headerBytes), Gen.Choose(-16, 16)), change =>
        {
            var (at, count) = change;
            return count > 0
                ? [.. _good.AsSpan(0, at), .. new byte[count], .. _good.AsSpan(at)]
                : [.. _good.AsSpan(0, at), .. _good.AsSpan(Math.Min(at - count, _good.Length))];
        });

    [Fact]
    public void Open_WhenNumbersAreNasty_OpensOrRefuses() =>
        Check(Gen.Zip(Gen.Choose(4, _headerBytes - 8), Gen.Zip(Gen.Elements(NastyNumbers), Gen.Elements(4, 8))), change =>
        {
            var (at, (number, width)) = change;
            var bytes = _good.ToArray();
            BitConverter.GetBytes(number).AsSpan(0, width).CopyTo(bytes.AsSpan(at));
            return bytes;
        });

    [Fact]
    public void Open_WhenPiecesAreSwapped_OpensOrRefuses() =>
        Check(Gen.Zip(Gen.Choose(4, _headerBytes - 8), Gen.Choose(4, _headerBytes - 8)), places =>
        {
            var (first, second) = places;
            var bytes = _good.ToArray();
            _good.AsSpan(first, 8).CopyTo(bytes.AsSpan(second));
            _good.AsSpan(second, 8).CopyTo(bytes.AsSpan(first));
            return bytes;
        });

    /// <summary>FsCheck prints the seed and the shrunk case when a property fails.</summary>
    private void Check<T>(Gen<T> changes, Func<T, byte[]> mutate)
    {
        var path = _folder.At("mutant.gguf");
        Prop.ForAll(Arb.From(changes), change =>
        {
            File.WriteAllBytes(path, mutate(change));
            OpensOrRefuses(path);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Cases));
    }

    private static void OpensOrRefuses(string path)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var file = GgufFile.Open(path);
            foreach (var tensor in file.Tensors)
                _ = file.Read(tensor, tensor.ByteLength - 1, 1)[0];
            ModelDescription.Read(file);
        }
        catch (ModelFormatException)
        {
            // A refusal is as good as an opened file; anything else fails the property.
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(AllocationLimitBytes);
    }
}
