namespace OrleansInference.Gateway.OpenAI.Models;

/// <summary>What GET /v1/models answers.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <param name="Created">Unix seconds.</param>
internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy);
