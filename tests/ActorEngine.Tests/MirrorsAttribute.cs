namespace OrleansInference.ActorEngine.Tests;

/// <summary>Says which behaviour of Microsoft Orleans a rule of the contract mirrors.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MirrorsAttribute(string behaviour) : Attribute
{
    public string Behaviour { get; } = behaviour;
}
