using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class AcceleratorTests
{
    private static readonly string[] Questions =
        ["What is 9 plus 13?", "Count from 2 to 12.", "Repeat after me: lantern crab uma kite", "What is 7 plus 8?"];

    /// <summary>Through Vulkan, as a GPU would; Mesa's driver stands for it.</summary>
    [Theory]
    [InlineData("gpu-cloud:threads=1,memory=14MB,accelerator=vulkan", "pi-hat:threads=1,memory=12MB")]
    [InlineData("gpu-cloud:threads=1,memory=14MB", "pi-hat:threads=1,memory=12MB,accelerator=vulkan")]
    public async Task Text_WhenAGpuComputesAStage_IsThatOfTheProcessor(params string[] silos)
    {
        using var vulkan = VulkanNatives.Create();
        await using var processor = await ClusterProcess.StartAsync(ClusterSettings.OneSilo);
        await using var mixed = await ClusterProcess.StartAsync(new ClusterSettings { Silos = silos, Environment = vulkan.Environment });
        var (expected, actual) = (processor.CreateChatClient(), mixed.CreateChatClient());

        (await mixed.GetTopologyAsync()).Pipelines.Single().Stages.Count.ShouldBe(2);
        // All at once, so that slots are moved, copied and freed on the GPU, too; then again, from what is kept of them.
        for (var round = 0; round < 2; round++)
        {
            var texts = await Task.WhenAll(Questions.Select(question => actual.AskAsync(question)));
            foreach (var (question, text) in Questions.Zip(texts))
                text.ShouldBe(await expected.AskAsync(question), question);
        }
        mixed.Logs().ShouldContain(VulkanNatives.ComputedLine);
    }
}
