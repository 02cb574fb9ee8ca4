using System.Reflection;
using OrleansInference.Embedded.Calls;

namespace Orleans.Runtime;

/// <summary>A reference to a grain; equal to every other reference to the same grain.</summary>
public abstract class GrainReference : DispatchProxy, IAddressable, IEquatable<GrainReference>
{
    private protected GrainReference()
    {
    }

    public GrainId GrainId { get; private set; }

    public GrainInterfaceType InterfaceType { get; private set; }

    internal GrainReferenceRuntime Runtime { get; private set; } = null!;

    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId);

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public sealed override string ToString() => $"GrainReference:{GrainId}:{InterfaceType}";

    internal GrainReference Bind(GrainReferenceRuntime runtime, GrainId grainId, GrainInterfaceType interfaceType)
    {
        (Runtime, GrainId, InterfaceType) = (runtime, grainId, interfaceType);
        return this;
    }

    /// <summary>A reference to another grain by the same interface.</summary>
    internal GrainReference Of(GrainId grainId) => ((GrainReference)MemberwiseClone()).Bind(Runtime, grainId, InterfaceType);

    public static bool operator ==(GrainReference? reference1, GrainReference? reference2) =>
        reference1 is null ? reference2 is null : reference1.Equals(reference2);

    public static bool operator !=(GrainReference? reference1, GrainReference? reference2) => !(reference1 == reference2);
}
