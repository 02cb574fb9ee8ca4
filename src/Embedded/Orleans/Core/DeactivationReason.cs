namespace Orleans;

/// <summary>Why an activation ends.</summary>
public readonly struct DeactivationReason(DeactivationReasonCode code, string text)
{
    public string Description { get; } = text;

    public DeactivationReasonCode ReasonCode { get; } = code;

    public override string ToString() => $"{ReasonCode}: {Description}";
}

[GenerateSerializer]
public enum DeactivationReasonCode : byte
{
    None = 0,
    ShuttingDown = 1,
    ActivationIdle = 4,
    ApplicationRequested = 9,
    Migrating = 10,
}
