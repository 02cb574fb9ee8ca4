namespace OrleansInference.Tool.Supervision;

/// <summary>A child process to keep running.</summary>
/// <param name="Name">Its name in the cluster, and its log file's.</param>
/// <param name="Environment">Set on top of what this process has.</param>
/// <param name="IsEssential">Whether the others are of no use without it once it is not started again.</param>
internal sealed record ProcessSpecification(
    string Name, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, bool IsEssential = false);
