using OpenAI.Chat;

namespace OrleansInference.Cluster.Tests.Processes;

internal static class ChatExtensions
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>The answer to one question, greedy unless a temperature is given.</summary>
    public static async Task<string> AskAsync(this ChatClient client, string question, long? seed = null, float temperature = 0, int maximumTokens = 200)
    {
        var options = new ChatCompletionOptions { Temperature = temperature, Seed = seed, MaxOutputTokenCount = maximumTokens };
        ChatCompletion completion = await client.CompleteChatAsync([new UserChatMessage(question)], options, None);
        return completion.Content.Count == 0 ? "" : completion.Content[0].Text;
    }

    /// <summary>The pieces of a greedy answer as they come.</summary>
    public static async IAsyncEnumerable<string> StreamAsync(this ChatClient client, string question)
    {
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 200 };
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage(question)], options, None))
        {
            foreach (var part in update.ContentUpdate)
                yield return part.Text;
        }
    }
}
