using OrleansInference.Embedded.Calls;

namespace Orleans.Runtime;

/// <summary>A reference to a grain; equal to every other reference to the same grain.</summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    internal GrainReference(GrainReferenceRuntime runtime, GrainId grainId, GrainInterfaceType interfaceType)
    {
        Runtime = runtime;
        GrainId = grainId;
        InterfaceType = interfaceType;
    }

    public GrainId GrainId { get; }

    public GrainInterfaceType InterfaceType { get; }

    internal GrainReferenceRuntime Runtime { get; }

    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId);

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public sealed override string ToString() => $"GrainReference:{GrainId}:{InterfaceType}";

    public static bool operator ==(GrainReference? reference1, GrainReference? reference2) =>
        reference1 is null ? reference2 is null : reference1.Equals(reference2);

    public static bool operator !=(GrainReference? reference1, GrainReference? reference2) => !(reference1 == reference2);
}
