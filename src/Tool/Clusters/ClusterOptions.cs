using System.Net;
using OrleansInference.Tool.Devices;

namespace OrleansInference.Tool.Clusters;

/// <summary>What <c>oinf up</c> was asked for.</summary>
/// <param name="SlotCount">Conversations served at once; null leaves it to the gateway.</param>
/// <param name="ContextLength">Tokens that a conversation may take; null leaves it to the gateway.</param>
/// <param name="Redis">Redis of a cluster on Microsoft Orleans; null on the embedded engine.</param>
internal sealed record ClusterOptions(
    string Model, string StoreFolder, string DataFolder, IPEndPoint Http, IReadOnlyList<SiloSpecification> Silos, int? SlotCount, int? ContextLength,
    string? Redis = null);
