using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansInference.Deployments.Tests;

/// <summary>Whoever kills a gateway that stops must wait until its streams have had their while and it has left the cluster.</summary>
public sealed class DrainTests
{
    private const int LeaveSeconds = 2;

    [Fact]
    public void Pod_OfAGateway_IsKilledAfterItsDrain()
    {
        var pod = Read("k8s/base/gateway.yaml");
        var drain = Number(pod, @"Gateway__DrainMilliseconds\s+value: ""(\d+)""") / 1000;
        var before = Number(pod, @"command: \[""sleep"", ""(\d+)""\]");
        drain.ShouldBeGreaterThan(60);
        (before + drain + LeaveSeconds).ShouldBeLessThan(Number(pod, @"terminationGracePeriodSeconds: (\d+)"));
    }

    [Fact]
    public void Container_OfAGateway_IsKilledAfterItsDrain()
    {
        var compose = Read("docker-compose.yml");
        (Number(compose, @"Gateway__DrainMilliseconds: (\d+)") / 1000 + LeaveSeconds)
            .ShouldBeLessThan(Number(compose, @"stop_grace_period: (\d+)s"));
    }

    [Fact]
    public void Unit_OfAGateway_IsKilledAfterItsDrain()
    {
        var unit = Read("deploy/systemd/orleans-inference-gateway.service");
        (Number(unit, @"Gateway__DrainMilliseconds=(\d+)") / 1000 + LeaveSeconds).ShouldBeLessThan(Number(unit, @"TimeoutStopSec=(\d+)"));
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Command.Root, file));

    private static int Number(string text, string pattern)
    {
        var match = Regex.Matches(text, pattern).ShouldHaveSingleItem();
        return int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
