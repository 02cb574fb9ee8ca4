namespace OrleansInference.Simulation.Tests.Devices;

/// <summary>The cost model against token rates that others measured, of models in four bits at batch 1.</summary>
public sealed class DeviceClassTests
{
    private const double Tolerance = 0.25;

    // Raspberry Pi 5: geerlingguy/ai-benchmarks #7. Orin Nano: NVIDIA (INT4). AGX Orin: nvidia-holoscan/holohub #170. RTX, A100, H100:
    // XiongjieDai/GPU-Benchmarks-on-LLM-Inference. Orin NX: single reports.
    [Theory]
    [InlineData("pi-5", 0.81, 11.2)]
    [InlineData("pi-5", 1.12, 10.0)]
    [InlineData("pi-5", 2.02, 5.1)]
    [InlineData("pi-5", 4.92, 2.17)]
    [InlineData("jetson-orin-nano", 4.5, 19)]
    [InlineData("jetson-orin-nx", 2.02, 13.6)]
    [InlineData("jetson-orin-nx", 4.08, 9.7)]
    [InlineData("jetson-agx-orin", 4.92, 25)]
    [InlineData("rtx-3090", 4.92, 115)]
    [InlineData("rtx-4090", 4.92, 131)]
    [InlineData("a100-80gb", 4.08, 136)]
    [InlineData("h100-pcie", 4.08, 134)]
    public void Decode_OfOneSequence_ComesNearWhatWasMeasured(string name, double gigabytes, double tokensPerSecond) =>
        (1 / Find(name).Seconds((long)(gigabytes * 1e9), rows: 1)).ShouldBe(tokensPerSecond, tokensPerSecond * Tolerance);

    [Theory]
    [InlineData("pi-5", 0.64, 40)]
    [InlineData("jetson-orin-nx", 2.02, 429)]
    [InlineData("rtx-3090", 4.92, 4_030)]
    [InlineData("rtx-4090", 4.92, 7_139)]
    [InlineData("a100-80gb", 4.92, 3_444)]
    [InlineData("h100-pcie", 4.92, 4_869)]
    public void Prompt_OfManyRows_ComesNearWhatWasMeasured(string name, double gigabytes, double tokensPerSecond) =>
        (512 / Find(name).Seconds((long)(gigabytes * 1e9), rows: 512)).ShouldBe(tokensPerSecond, tokensPerSecond * Tolerance);

    private static DeviceClass Find(string name) => DeviceClass.All.Single(known => known.Name == name);
}
