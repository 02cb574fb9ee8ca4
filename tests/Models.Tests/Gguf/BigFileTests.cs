using System.Diagnostics;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.Tests.Fixtures;

namespace OrleansInference.Models.Tests.Gguf;

public sealed class BigFileTests : IDisposable
{
    private const long Gigabyte = 1L << 30;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhenFileIsManyGigabytes_IsQuickAndSmall()
    {
        var path = _folder.At("big.gguf");
        long dataStart;
        using (var stream = File.Create(path))
        {
            stream.Write(File.ReadAllBytes(new GgufBytes(2, 0)
                .Tensor("first", [(ulong)(3 * Gigabyte / 4)], 0, 0)
                .Tensor("second", [(ulong)(3 * Gigabyte / 4)], 0, (ulong)(3 * Gigabyte))
                .Data(0)
                .Save(_folder, "header.gguf")));
            dataStart = stream.Length;
            stream.SetLength(dataStart + 6 * Gigabyte);
            stream.Position = stream.Length - 1;
            stream.WriteByte(42);
        }

        var (started, allocated, resident) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread(), Environment.WorkingSet);
        using var file = GgufFile.Open(path);
        var second = file.FindTensor("second").ShouldNotBeNull();

        second.FileOffset.ShouldBe(dataStart + 3 * Gigabyte);
        file.Read(second, second.ByteLength - 1, 1)[0].ShouldBe((byte)42);
        file.Read(file.Tensors[0], 5 * Gigabyte / 2, 1)[0].ShouldBe((byte)0);
        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(1_000_000);
        (Environment.WorkingSet - resident).ShouldBeLessThan(100_000_000);
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }
}
