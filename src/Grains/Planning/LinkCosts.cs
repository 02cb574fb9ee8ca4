namespace OrleansInference.Grains.Planning;

/// <summary>Round trips between devices, by zone. A hop is one way: half a round trip.</summary>
public sealed record LinkCosts(TimeSpan SameZoneRoundTrip, TimeSpan CrossZoneRoundTrip)
{
    internal long HopPicoseconds(string fromZone, string toZone)
    {
        var roundTrip = string.Equals(fromZone, toZone, StringComparison.Ordinal) ? SameZoneRoundTrip : CrossZoneRoundTrip;
        return roundTrip.Ticks * (PlanTables.PicosecondsPerTick / 2);
    }
}
