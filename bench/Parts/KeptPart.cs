using OrleansInference.Bench.Measuring;
using OrleansInference.Bench.Serving;

namespace OrleansInference.Bench.Parts;

/// <summary>A prompt and a stream while all other slots hold conversations that wait for their next turn.</summary>
internal sealed class KeptPart : IPart
{
    private const int ConversationTokens = 1_000;
    private const int Conversations = ClusterShape.Slots - 1;

    public string Name => "kept";

    public string Description => "A prompt of 1,000 tokens and its answer, in a cache full of kept conversations against an empty one.";

    public int Rounds => 3;

    public int Tokens => 32;

    public async Task<Scenario> PrepareAsync(Workbench bench, int tokens, CancellationToken cancellation)
    {
        var model = await bench.GetModelAsync(cancellation);
        var clusters = await bench.ServeAsync([new(1, KeepsSequences: false), new(1)], cancellation);
        var empty = Over("1 stage, nothing kept", clusters[0].Client);
        var full = Over($"1 stage, {Conversations} conversations kept", clusters[1].Client);
        var filling = new List<Task> { FillAsync(clusters[1].Client) };
        Series[] theirs = [];
        if (await bench.GetLlamaServerAsync(isSplit: false, cancellation) is { } server)
        {
            theirs = [Over($"llama-server, {Conversations} conversations kept", server.Client)];
            filling.Add(FillAsync(server.Client));
        }

        await Console.Out.WriteLineAsync($"Holding {Conversations} conversations of {ConversationTokens} tokens …");
        await Task.WhenAll(filling);
        return new(
            [Quantity.FirstToken, Quantity.TokensPerSecond], [empty, full, .. theirs],
            [
                Target.Ratio(full, empty, Quantity.FirstToken),
                Target.Ratio(full, empty, Quantity.TokensPerSecond),
                .. theirs.Select(their => Target.Ratio(full, their, Quantity.FirstToken)),
                .. theirs.Select(their => Target.Ratio(full, their, Quantity.TokensPerSecond)),
            ],
            $"{bench.Conditions}; {Count.Stages(1)}, one stream of {tokens} tokens after a prompt of {ConversationTokens}.{bench.Programs.LeftOut}");

        async Task FillAsync(ApiClient client)
        {
            for (var conversation = 0; conversation < Conversations; conversation++)
                await client.CompleteAsync(new(model.NextPrompt(ConversationTokens), tokens), cancellation);
        }

        Series Over(string name, ApiClient client) => new(
            name, stop => StreamLoad.MeasureAsync(client, [new(model.NextPrompt(ConversationTokens), tokens)], stop));
    }
}
