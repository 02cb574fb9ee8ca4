using OrleansInference.Cluster.Tests.Processes;

namespace OrleansInference.Cluster.Tests;

public sealed class ConcurrencyTests(ThreeSiloFixture fixture, ITestOutputHelper output)
{
    /// <summary>Short and long answers of which the model is sure: batching changes logits a little, which may turn a choice between equals.</summary>
    private static readonly string[] Questions =
    [
        "What is 7 plus 8?", "Count from 3 to 23.", "What is the capital of Japan?", "Count from 10 to 28.", "What is the opposite of early?",
        "Repeat after me: fox owl bear rabbit cat", "Count from 0 to 20.", "What month comes after March?", "What is 12 plus 3?",
        "Count from 5 to 17.", "What sound does a duck make?", "Who are you?", "What color is snow?", "Count from 20 to 40.",
        "What is the capital of Norway?", "Say this: lamp map bell kite boat drum",
    ];

    [Fact]
    public async Task Streams_WhenSixteenRunAtOnceAndSomeAreCancelled_EachSayWhatTheySayAlone()
    {
        var client = fixture.Cluster.CreateChatClient();
        var alone = new string[Questions.Length];
        for (var i = 0; i < Questions.Length; i++)
            alone[i] = await client.AskAsync(Questions[i]);

        for (var round = 0; round < 3; round++)
        {
            // Long answers (the counts) are cut off by their clients in turn.
            var texts = await Task.WhenAll(Questions.Select((question, i) => ReadAsync(question, pieces: i % 4 == 1 + (round % 3) ? 4 : null)));
            for (var i = 0; i < Questions.Length; i++)
            {
                if (texts[i].IsCut)
                    alone[i].ShouldStartWith(texts[i].Text);
                else
                    texts[i].Text.ShouldBe(alone[i], $"round {round}: {Questions[i]}");
            }

            output.WriteLine($"round {round}: 16 streams, {texts.Count(t => t.IsCut)} cancelled mid-stream");
        }

        // Cancelled slots are free again: all 16 fit at once.
        var again = await Task.WhenAll(Questions.Select(question => ReadAsync(question, pieces: null)));
        again.Select(text => text.Text).ShouldBe(alone);

        async Task<(string Text, bool IsCut)> ReadAsync(string question, int? pieces)
        {
            var (text, count) = ("", 0);
            await foreach (var piece in client.StreamAsync(question))
            {
                text += piece;
                if (++count == pieces)
                    return (text, true);
            }

            return (text, false);
        }
    }
}
