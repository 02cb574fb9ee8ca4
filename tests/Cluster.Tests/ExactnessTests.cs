using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class ExactnessTests
{
    private static readonly string[] Questions =
    [
        "Tell me a story about a fox.", "Write a short story about a brave otter in the harbor.", "Count from 2 to 20.", "What is 9 plus 13?",
        "Repeat after me: lantern crab uma kite", "What happens when a device fails?",
        // Three stages cut these into parts, one stage does not.
        Long("lantern crab uma kite ", 40), Long("a brave otter and a fox in the harbor ", 25),
    ];

    [Fact]
    public async Task Text_WhenThreeProcessesComputeIt_IsThatOfOne()
    {
        // What was asked before must not matter: a prompt that is partly reused is computed in other batches, and so to other last bits.
        await using var one = await ClusterProcess.StartAsync(ClusterSettings.OneSilo.WithoutPrefixReuse());
        await using var three = await ClusterProcess.StartAsync(ClusterSettings.ThreeSilos.WithoutPrefixReuse());
        (await one.GetTopologyAsync()).Pipelines.Single().Stages.ShouldHaveSingleItem();
        var (whole, cut) = (one.CreateChatClient(), three.CreateChatClient());
        var seeded = new HashSet<string>();

        foreach (var question in Questions)
        {
            (await cut.AskAsync(question)).ShouldBe(await whole.AskAsync(question), $"greedy: {question}");
            foreach (var seed in (long[])[1, 2, 3])
            {
                var text = await cut.AskAsync(question, seed, temperature: 1);
                text.ShouldBe(await whole.AskAsync(question, seed, temperature: 1), $"seed {seed}: {question}");
                seeded.Add(text);
            }
        }

        seeded.Count.ShouldBeGreaterThan(Questions.Length, "seeds draw different texts");
    }

    private static string Long(string words, int times) => "Repeat after me: " + string.Concat(Enumerable.Repeat(words, times));
}
