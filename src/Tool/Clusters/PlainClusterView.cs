using OrleansInference.Tool.Supervision;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Clusters;

/// <summary>A line for everything that changes.</summary>
internal sealed class PlainClusterView(Screen screen) : IClusterView
{
    private readonly Dictionary<string, string> _shown = [];

    public void Report(string line) => screen.Line(line);

    public async Task FollowAsync(IAsyncEnumerable<ClusterSnapshot> snapshots, IReadOnlyList<string> welcome)
    {
        var isWelcomed = false;
        await foreach (var snapshot in snapshots.ConfigureAwait(false))
        {
            foreach (var process in snapshot.Processes.Where(p => p.State == ProcessState.Running))
                ShowChange(process.Name, $"running as process {process.ProcessId}");
            foreach (var pipeline in snapshot.Topology?.Pipelines ?? [])
                ShowChange(pipeline.Name, Text(pipeline));
            if (!snapshot.HasBeenReady || isWelcomed)
                continue;
            isWelcomed = true;
            foreach (var line in welcome)
                screen.Line(line);
        }
    }

    private void ShowChange(string subject, string text)
    {
        if (_shown.TryGetValue(subject, out var shown) && shown == text)
            return;
        _shown[subject] = text;
        screen.Line($"{subject}: {text}");
    }

    private static string Text(PipelineTopology pipeline)
    {
        var state = pipeline.State.ToLowerInvariant();
        var stages = string.Join(", ", pipeline.Stages.Select(s => $"layers {s.Layers} on {s.Device}"));
        return string.Join(": ", new[] { state, pipeline.Reason, stages }.Where(part => !string.IsNullOrEmpty(part)));
    }
}
