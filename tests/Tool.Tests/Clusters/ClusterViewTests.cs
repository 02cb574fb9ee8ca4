using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Supervision;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Tests.Clusters;

public sealed class ClusterViewTests
{
    private static readonly ProcessStatus[] Processes =
        [new("gateway", ProcessState.Running, 10), new("jetson", ProcessState.Running, 11), new("pi-hat", ProcessState.Restarting, 0)];

    private readonly StringWriter _output = new();

    [Fact]
    public async Task PlainView_WhenNothingChanges_WritesEachStateOnceAndTheWelcomeOnce()
    {
        var view = new PlainClusterView(new Screen(_output, _output, isLive: false));
        ClusterSnapshot[] snapshots =
        [
            new(Processes, Topology: null, HasBeenReady: false), new(Processes, Create("Loading", "2 of 3 stages"), HasBeenReady: false),
            new(Processes, Create("Ready", null), HasBeenReady: true), new(Processes, Create("Ready", null), HasBeenReady: true),
        ];

        await view.FollowAsync(snapshots.ToAsyncEnumerable(), ["Ready: http://127.0.0.1:1"]);

        _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(
        [
            "gateway: running as process 10", "jetson: running as process 11",
            "pebble/0: loading: 2 of 3 stages: layers 0–4 on jetson, layers 5–7 on pi-hat",
            "pebble/0: ready: layers 0–4 on jetson, layers 5–7 on pi-hat", "Ready: http://127.0.0.1:1",
        ]);
    }

    [Fact]
    public async Task LiveView_WhenReady_ShowsTheTableTheMessagesAndTheWelcome()
    {
        var view = new LiveClusterView(new Screen(_output, _output, isLive: false));
        view.Report("pi-hat (process 12) died");

        var ready = new ClusterSnapshot(Processes, Create("Ready", null), HasBeenReady: true);
        await view.FollowAsync(new[] { ready }.ToAsyncEnumerable(), ["Ready: [here]"]);

        var text = _output.ToString();
        text.ShouldContain("5.2 GB");
        text.ShouldContain("restarting");
        text.ShouldContain("pi-hat (process 12) died");
        text.ShouldContain("Ready: [here]");
    }

    private static ClusterTopology Create(string state, string? reason) => new(
        [new("jetson", 11, new("jetson", "jetson"), new(5_200_000_000, 90_000_000))],
        [new("pebble", state == "Ready")],
        [new("pebble/0", "pebble", 1, state, reason, 0.5,
            [new(0, "jetson", "jetson", 11, new(0, 5), "Linked", 1, 1), new(1, null, "pi-hat", 12, new(5, 8), "Linked", 1, 1)])]);
}
