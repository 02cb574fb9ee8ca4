using System.Collections.Immutable;
using System.Globalization;

namespace OrleansInference.Grains.Planning;

/// <summary>Says why nothing fits, so that an operator knows what to add.</summary>
internal static class PlanRefusals
{
    private const int NamedDevices = 8;

    public static PlanRefusal Describe(PlanningTask task, ImmutableArray<PlanningDevice> usable, int reachableLayers)
    {
        var needed = task.TotalBytes;
        var available = usable.Sum(static device => device.AvailableBytes);
        var weights = Size(needed - task.KvBytes);
        var needs = $"{task.Model.Model} needs {Size(needed)} ({weights} weights, {Size(task.KvBytes)} for {task.CellCount} KV cells)";
        if (usable.IsEmpty)
            return new PlanRefusal($"{needs}; no device offers memory.", needed, 0);
        var offers = $"{Devices(usable.Length)} {(usable.Length == 1 ? "offers" : "offer")} {Size(available)} ({List(usable)})";
        var missing = available < needed
            ? $"{Size(needed - available)} are missing"
            : $"whole layers do not divide so: {reachableLayers} of {task.Model.LayerCount} layers find a place";
        return new PlanRefusal($"{needs}; {offers}; {missing}.", needed, available);
    }

    private static string List(ImmutableArray<PlanningDevice> devices)
    {
        var named = devices.OrderByDescending(static device => device.AvailableBytes)
            .ThenBy(static device => device.Name, StringComparer.Ordinal)
            .Take(NamedDevices).Select(static device => $"{device.Name} {Size(device.AvailableBytes)}");
        var list = string.Join(", ", named);
        return devices.Length > NamedDevices ? $"{list} and {devices.Length - NamedDevices} more" : list;
    }

    private static string Devices(int count) => count == 1 ? "1 device" : $"{count} devices";

    private static string Size(long bytes) => bytes < 10_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:N0} kB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB");
}
