using System.Globalization;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Supervision;
using Spectre.Console;

namespace OrleansInference.Tool.Clusters;

/// <summary>A cluster as a table: a row per process.</summary>
internal static class ClusterTable
{
    /// <param name="processes">The processes of this tool; null shows the silos that the gateway names.</param>
    public static Table Create(ClusterTopology? topology, IReadOnlyList<ProcessStatus>? processes = null)
    {
        var table = new Table().RoundedBorder().AddColumns("Process", "Pid", "Device", "Layers", "State", "Memory", "Budget");
        foreach (var process in processes ?? [.. (topology?.Silos ?? []).Select(s => new ProcessStatus(s.Name, ProcessState.Running, s.Pid))])
            AddRow(table, process, topology);
        foreach (var pipeline in topology?.Pipelines ?? [])
            table.AddRow(
                Markup.Escape(pipeline.Name), "", "", LayersOf(pipeline.Stages), Markup.Escape(Describe(pipeline)), "",
                string.Create(CultureInfo.InvariantCulture, $"epoch {pipeline.Epoch}"));
        return table;
    }

    /// <summary>A pipeline's state in a few words.</summary>
    public static string Describe(PipelineTopology pipeline)
    {
        var state = pipeline.State.ToLowerInvariant();
        var progress = state == "loading" ? string.Create(CultureInfo.InvariantCulture, $" {pipeline.LoadProgress:P0}") : "";
        return string.IsNullOrEmpty(pipeline.Reason) ? state + progress : $"{state}{progress}: {pipeline.Reason}";
    }

    private static void AddRow(Table table, ProcessStatus process, ClusterTopology? topology)
    {
        var silo = topology?.Silos.FirstOrDefault(s => s.Name == process.Name && s.Pid == process.ProcessId);
        var stages = (topology?.Pipelines ?? []).SelectMany(p => p.Stages).Where(s => silo is not null && s.Silo == silo.Name).ToArray();
        var state = process.State == ProcessState.Running && stages.Length > 0
            ? string.Join(", ", stages.Select(s => s.State.ToLowerInvariant()))
            : process.State.ToString().ToLowerInvariant();
        table.AddRow(
            Markup.Escape(process.Name), process.ProcessId == 0 ? "" : process.ProcessId.ToString(CultureInfo.InvariantCulture),
            Markup.Escape(silo?.Device.Class ?? ""), LayersOf(stages), Markup.Escape(state),
            silo is null ? "" : ByteSize.Format(silo.Memory.ResidentBytes), silo is null ? "" : ByteSize.Format(silo.Memory.BudgetBytes));
    }

    private static string LayersOf(IReadOnlyList<StageTopology> stages) => string.Join(", ", stages.Select(s => s.Layers));
}
