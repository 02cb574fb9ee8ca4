using System.Globalization;
using OrleansInference.Bench.Paced;
using OrleansInference.Silo.Generation;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Supervision;

namespace OrleansInference.Bench.Serving;

/// <summary>What is different from one cluster to another. Every stage has a process and a thread of its own.</summary>
/// <param name="DelayMilliseconds">Added to everything that a process of the cluster sends over the data plane.</param>
/// <param name="HasDrafts">Whether streams may be drafted; otherwise what a random model repeats by chance would be.</param>
/// <param name="KeepsSequences">Whether what a sequence left in the cache stays there for prompts that begin alike.</param>
internal sealed record ClusterShape(
    int Stages, int DelayMilliseconds = 0, bool HasDrafts = false, ClusterEngine Engine = ClusterEngine.Real, bool KeepsSequences = true)
{
    /// <summary>Streams that are served at once.</summary>
    public const int Slots = 16;

    /// <summary>Positions of a stream.</summary>
    public const int ContextLength = 1_280;

    /// <summary>Tokens per second that the paced engine gives each stream.</summary>
    public const int Pace = 125;

    public string Name => $"{Stages}-{Engine}-{DelayMilliseconds.ToString(CultureInfo.InvariantCulture)}"
        + $"{(HasDrafts ? "-drafts" : "")}{(KeepsSequences ? "" : "-forgetful")}";

    /// <summary>A process as <c>oinf up</c> starts it, with what is different here.</summary>
    /// <param name="slices">Folder of the slices: the same slice has the same name, so clusters share it, on disk and in memory.</param>
    /// <param name="meters">Folder of the meters.</param>
    public ProcessSpecification Apply(ProcessSpecification process, string slices, string meters)
    {
        var environment = new Dictionary<string, string>(process.Environment)
        {
            ["DataPlane__LinkDelayMilliseconds"] = Text(DelayMilliseconds),
            ["Generation__DraftTokens"] = Text(HasDrafts ? new HeadOptions().DraftTokens : 0),
            ["Generation__PrefixReuse"] = KeepsSequences ? "true" : "false",
            ["Models__SliceFolder"] = slices,
        };
        if (Engine == ClusterEngine.Real || process.Name == ClusterPlan.GatewayName)
            return process with { Environment = environment };
        environment[BenchSiloProgram.MeterVariable] = Path.Combine(meters, process.Name);
        if (Engine == ClusterEngine.Paced)
            environment[BenchSiloProgram.PaceVariable] = Text(Pace);
        return process with { Program = Environment.ProcessPath!, Arguments = [BenchSiloProgram.Argument], Environment = environment };
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

internal enum ClusterEngine
{
    /// <summary>The silo's program with the model that is measured.</summary>
    Real,
    /// <summary>A tiny model, with a meter of what the silos allocate.</summary>
    Tiny,
    /// <summary>Nothing is computed; tokens come at a fixed pace.</summary>
    Paced,
}
