using System.Reflection;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Calls;

/// <summary>The base of the classes that DispatchProxy makes to implement grain interfaces by sending calls.</summary>
internal class GrainProxy : GrainReference
{
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        Runtime.Manifest.FindMethod(targetMethod!).Call(this, args ?? []);
}
