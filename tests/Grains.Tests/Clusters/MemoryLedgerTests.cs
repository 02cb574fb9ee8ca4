using OrleansInference.Grains.Clusters;

namespace OrleansInference.Grains.Tests.Clusters;

public sealed class MemoryLedgerTests
{
    private static readonly Dictionary<string, long> Memory = new() { ["a"] = 100, ["b"] = 50 };

    private readonly Dictionary<string, MemoryReservation> _booked = new()
    {
        ["m/0"] = new("m/0", 3, [new("a", 60)]),
        ["n/0"] = new("n/0", 1, []),
    };

    [Theory]
    [InlineData(40, null)]
    [InlineData(41, "device a has 40 bytes that others have not booked; 41 are wanted")]
    public void Examine_WhenAnotherPipelineHoldsMemory_LeavesOnlyTheRest(long bytes, string? refusal) =>
        MemoryLedger.Examine(_booked, Memory, new("n/0", 1, [new("a", bytes)])).ShouldBe(refusal);

    [Fact]
    public void Examine_WhenThePipelineHoldsMemoryItself_ReplacesIt() =>
        MemoryLedger.Examine(_booked, Memory, new("m/0", 4, [new("a", 100), new("b", 50)])).ShouldBeNull();

    [Fact]
    public void Examine_WhenTheEpochIsOlder_Refuses() =>
        MemoryLedger.Examine(_booked, Memory, new("m/0", 2, [])).ShouldNotBeNull().ShouldContain("epoch 3 already");

    [Fact]
    public void Examine_WhenTheDeviceHasLeft_Refuses() =>
        MemoryLedger.Examine(_booked, Memory, new("n/0", 1, [new("c", 1)])).ShouldBe("device c is not there");

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public void Examine_WhenTheDeviceIsSilent_LeavesThePipelineWhatItHolds(long bytes, bool isGranted) =>
        (MemoryLedger.Examine(_booked, new Dictionary<string, long>(), new("m/0", 4, [new("a", bytes)])) is null).ShouldBe(isGranted);

    [Fact]
    public void Examine_WhenThePipelineIsNotDeployed_Refuses() =>
        MemoryLedger.Examine(_booked, Memory, new("x/0", 1, [])).ShouldNotBeNull().ShouldContain("x/0 is no pipeline");

    [Theory]
    [InlineData("m/1", false, "device a has just been booked by another pipeline of the model")]
    [InlineData("m/1", true, null)]
    [InlineData("n/0", false, null)]
    public void Examine_WhenAReplicaHasBookedMeanwhile_RefusesWhatWasPlannedApart(string pipeline, bool mayShare, string? refusal)
    {
        _booked["m/1"] = new("m/1", 0, []);

        MemoryLedger.Examine(_booked, Memory, new(pipeline, 1, [new("a", 1)], mayShare)).ShouldBe(refusal);
    }

    [Fact]
    public void Examine_ForRandomReservations_NeverBooksBeyondMemory()
    {
        var random = new Random(3);
        var booked = Enumerable.Range(0, 5).ToDictionary(index => $"p/{index}", index => new MemoryReservation($"p/{index}", 0, []));
        for (var epoch = 1; epoch < 5_000; epoch++)
        {
            var wanted = new MemoryReservation(
                $"p/{random.Next(5)}", epoch, [new("a", random.Next(0, 70)), new("b", random.Next(0, 30))]);
            if (MemoryLedger.Examine(booked, Memory, wanted) is null)
                booked[wanted.Pipeline] = wanted;
            foreach (var (device, memory) in Memory)
                MemoryLedger.CommittedBytes(booked, device, pipeline: "none").ShouldBeLessThanOrEqualTo(memory);
        }
    }
}
