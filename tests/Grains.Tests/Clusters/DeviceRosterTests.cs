using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Tests.Fakes;

namespace OrleansInference.Grains.Tests.Clusters;

public sealed class DeviceRosterTests
{
    private readonly ManualTime _time = new();
    private readonly FakeMembership _membership = new FakeMembership()
        .With(0, profile: null).With(1, Silos.Profile("b")).With(2, Silos.Profile("a"));

    private readonly DeviceRoster _roster;

    public DeviceRosterTests() => _roster = new DeviceRoster(
        _membership, _membership, _time, new RosterOptions { DeviceSilenceSeconds = 5, SettleSeconds = 3 });

    [Fact]
    public void Living_WhenDevicesHaveReported_AreInNameOrder()
    {
        ReportBoth();

        _roster.Living().Select(report => report.Registration.Profile.Name).ShouldBe(["a", "b"]);
        _roster.Missing().ShouldBeEmpty();
    }

    [Fact]
    public void Living_WhenASiloDies_LeavesItsDeviceOut()
    {
        ReportBoth();
        _membership.Kill(2);

        _roster.Living().Select(report => report.Registration.Profile.Name).ShouldBe(["b"]);
        _roster.Missing().ShouldBeEmpty();
    }

    [Fact]
    public void Living_WhenADeviceFallsSilent_LeavesItOut()
    {
        ReportBoth();
        _time.Advance(TimeSpan.FromSeconds(4));
        _roster.Note(Silos.Report(2, Silos.Profile("a")));
        _time.Advance(TimeSpan.FromSeconds(2));

        _roster.Living().Select(report => report.Registration.Profile.Name).ShouldBe(["a"]);
        _roster.Missing().ShouldBe(["b"]);
    }

    [Fact]
    public void Living_WhenADeadSiloReportsLate_IgnoresIt()
    {
        _membership.Kill(2);
        _roster.Note(Silos.Report(2, Silos.Profile("a")));

        _roster.Living().ShouldBeEmpty();
    }

    [Fact]
    public void IsSettled_WhenADeviceIsMissing_WaitsForItAWhile()
    {
        _roster.Note(Silos.Report(1, Silos.Profile("b")));

        _roster.IsSettled().ShouldBeFalse();
        _roster.Missing().ShouldBe(["a"]);
        _time.Advance(TimeSpan.FromSeconds(3));
        _roster.IsSettled().ShouldBeTrue();
    }

    [Fact]
    public void IsSettled_WhenAllHaveReported_IsAtOnce()
    {
        ReportBoth();

        _roster.IsSettled().ShouldBeTrue();
    }

    private void ReportBoth()
    {
        _roster.Note(Silos.Report(1, Silos.Profile("b")));
        _roster.Note(Silos.Report(2, Silos.Profile("a")));
    }
}
