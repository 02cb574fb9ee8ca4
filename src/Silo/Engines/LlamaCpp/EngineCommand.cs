namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>Work for an <see cref="EngineThread"/>, which calls one of the two, once.</summary>
internal abstract class EngineCommand
{
    public abstract void Execute();

    public abstract void Refuse(Exception reason);
}
