namespace OrleansInference.Embedded.Activations;

/// <summary>Sees the turns of a silo's activations; simulation checks by it what must always hold. There is none otherwise.</summary>
internal interface ITurnObserver
{
    void OnStarted(Activation activation, Turn turn);

    void OnEnded(Activation activation, Turn turn);
}
