using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>What needs no GPU; tests of whole clusters compute on one.</summary>
public sealed class AcceleratorTests
{
    [Fact]
    public void Find_WhenTheNativesOfferNoSuchGpu_SaysWhatTheyOffer()
    {
        Natives.Load();

        var message = Should.Throw<NativeRuntimeException>(() => Accelerator.Find("Cuda")).Message;

        message.ShouldContain("Device:Accelerator is Cuda");
        message.ShouldContain("only CPU (");
        message.ShouldContain("libggml-cuda.so");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    public void Find_WhenThereIsNone_IsTheProcessor(string name) => Accelerator.Find(name).ShouldBeSameAs(Accelerator.None);

    [Fact]
    public void Find_WhenTheProcessorIsNamed_RefusesSinceItIsNoGpu()
    {
        Natives.Load();

        Should.Throw<NativeRuntimeException>(() => Accelerator.Find("CPU")).Message.ShouldContain("set none");
    }

    [Fact]
    public void RequireMemory_WhenMoreIsWantedThanTheGpusHave_NamesThem()
    {
        var two = new Accelerator([Gpu("CUDA0", 8_000), Gpu("CUDA1", 4_000)]);

        two.RequireMemory(12_000);
        var message = Should.Throw<NativeRuntimeException>(() => two.RequireMemory(12_001)).Message;

        message.ShouldContain("Device:MemoryBytes is 12001");
        message.ShouldContain("CUDA0 (a GPU) and CUDA1 (a GPU)");
        message.ShouldContain("12000");
        Accelerator.None.RequireMemory(long.MaxValue);
    }

    private static NativeDevice Gpu(string name, long bytes) => new(0, name, "a GPU", "CUDA", GgmlNative.GpuDevice, bytes);
}
