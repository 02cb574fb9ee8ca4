using Orleans.Runtime;

namespace OrleansInference.Embedded.Calls;

internal sealed class GrainReferenceRuntime
{
    internal GrainReference Cast(GrainId grainId, Type interfaceType) => throw new NotImplementedException();
}
