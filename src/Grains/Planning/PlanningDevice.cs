namespace OrleansInference.Grains.Planning;

/// <summary>A device that a plan may use.</summary>
/// <param name="Name">Unique among the candidates; ties are broken by its ordinal order.</param>
/// <param name="Zone">Decides what a hop to and from it costs.</param>
/// <param name="AvailableBytes">Memory for slice and KV that nobody else has booked.</param>
/// <param name="BandwidthGigabytesPerSecond">Memory bandwidth: a layer's time on the device is its bytes over this.</param>
/// <param name="CapacityFactor">What heat and load leave of the speed, 0 to 1; a device at 0 gets nothing.</param>
public sealed record PlanningDevice(
    string Name, string Zone, long AvailableBytes, double BandwidthGigabytesPerSecond, double CapacityFactor = 1)
{
    public bool IsUsable => AvailableBytes > 0 && BandwidthGigabytesPerSecond > 0 && CapacityFactor > 0;
}
