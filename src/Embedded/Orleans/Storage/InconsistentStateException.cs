using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>The state was written by somebody else since it was read.</summary>
[GenerateSerializer]
public class InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag) : OrleansException(errorMsg)
{
    [Id(1)]
    public string? StoredEtag { get; private set; } = storedEtag;

    [Id(2)]
    public string? CurrentEtag { get; private set; } = currentEtag;
}
