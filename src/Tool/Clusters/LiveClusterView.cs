using OrleansInference.Tool.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansInference.Tool.Clusters;

/// <summary>A table that is redrawn in place, with the latest messages under it.</summary>
internal sealed class LiveClusterView(Screen screen) : IClusterView
{
    private const int MessageLines = 14;
    private readonly Lock _lock = new();
    private readonly Queue<string> _messages = new();

    public void Report(string line)
    {
        lock (_lock)
        {
            _messages.Enqueue(line);
            while (_messages.Count > MessageLines)
                _messages.Dequeue();
        }
    }

    public Task FollowAsync(IAsyncEnumerable<ClusterSnapshot> snapshots, IReadOnlyList<string> welcome) =>
        screen.Console.Live(new Text("Starting …")).StartAsync(async display =>
        {
            var isWelcomed = false;
            await foreach (var snapshot in snapshots.ConfigureAwait(false))
            {
                // Written above the table, which is redrawn below it.
                foreach (var line in snapshot.HasBeenReady && !isWelcomed ? welcome : [])
                    screen.Console.Write(new UnwrappedLine(line));
                isWelcomed |= snapshot.HasBeenReady;
                display.UpdateTarget(Draw(snapshot));
            }
        });

    private Rows Draw(ClusterSnapshot snapshot)
    {
        lock (_lock)
            return new Rows([
                ClusterTable.Create(snapshot.Topology, snapshot.Processes),
                .. _messages.Select(IRenderable (line) => new Text(line)),
                new Text("Ctrl-C stops everything."),
            ]);
    }
}
