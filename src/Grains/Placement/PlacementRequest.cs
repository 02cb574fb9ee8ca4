using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansInference.Grains.Placement;

/// <summary>What a caller tells the directors, in the request context of its call.</summary>
internal static class PlacementRequest
{
    private const string RequiredBytesKey = "oinf.required-bytes";

    /// <summary>For the rest of the calling async method: where the plan wants the callee, and what it will hold there.</summary>
    public static void Set(SiloAddress target, long requiredBytes)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        RequestContext.Set(RequiredBytesKey, requiredBytes);
    }

    public static long RequiredBytes(Dictionary<string, object>? requestContext) =>
        requestContext is not null && requestContext.TryGetValue(RequiredBytesKey, out var value) && value is long bytes ? bytes : 0;
}
