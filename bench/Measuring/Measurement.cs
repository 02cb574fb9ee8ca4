namespace OrleansInference.Bench.Measuring;

/// <summary>What one round measured of one way: of each quantity one value, or one for every token or stream.</summary>
internal sealed class Measurement : Dictionary<Quantity, IReadOnlyList<double>>;
