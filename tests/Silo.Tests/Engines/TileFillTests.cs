using OrleansInference.DataPlane.Rows;
using OrleansInference.Silo.Engines.LlamaCpp;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class TileFillTests
{
    private const int SeatCount = 8;
    private const int SeatCellCount = 100;

    private readonly int[] _ends = new int[SeatCount];
    private TileFill _fill = new(SeatCount, SeatCellCount, isMeasured: false);

    [Theory]
    [InlineData(new[] { 0, 1, 2 }, new[] { 3 })]
    [InlineData(new[] { 2, 0, 1 }, new[] { 3 })]
    [InlineData(new[] { 5, 6, 7 }, new[] { 4 })]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5 }, new[] { 6, 7 })]
    [InlineData(new[] { 1, 2, 3, 4, 5, 6 }, new[] { 0, 7 })]
    [InlineData(new[] { 6, 7 }, new[] { 4, 5 })]
    public void Fill_WhenATileIsBegun_AddsRowsOfIdleNeighbours(int[] seats, int[] expected) => Fill(seats).ShouldBe(expected);

    [Theory]
    [InlineData(new[] { 3 })]
    [InlineData(new[] { 0, 1, 2, 3 })]
    [InlineData(new[] { 0, 1, 2, 3, 4 })]
    [InlineData(new[] { 0, 1, 3 })]
    [InlineData(new[] { 0, 0, 2 })]
    [InlineData(new[] { 1, 1, 1 })]
    public void Fill_WhenTilesAreWholeOrRowsAreOfNoNeighbours_AddsNone(int[] seats) => Fill(seats).ShouldBeEmpty();

    [Fact]
    public void Fill_WhenNeighboursHoldMore_TakesThoseThatHoldLeast()
    {
        (_ends[2], _ends[6]) = (50, 49);
        Fill(3, 4, 5).ShouldBe([6]);
        AddedPositions.ShouldBe([49]);

        (_ends[1], _ends[2], _ends[5], _ends[6]) = (3, 10, 5, 9);
        Fill(3, 4).ShouldBe([2, 1], ignoreOrder: true);
        (_ends[1], _ends[2]) = (6, 8);
        Fill(3, 4).ShouldBe([2, 5], ignoreOrder: true);
    }

    [Fact]
    public void Fill_WhenANeighbourIsFull_TakesTheOtherOrNone()
    {
        _ends[3] = SeatCellCount;
        Fill(0, 1, 2).ShouldBeEmpty();
        Fill(4, 5, 6).ShouldBe([7]);
        _ends[7] = SeatCellCount - 1;
        Fill(4, 5, 6).ShouldBe([7]);
        _ends[7] = SeatCellCount;
        Fill(4, 5, 6).ShouldBeEmpty();
    }

    [Fact]
    public void Fill_WhenABatchHasNoRoom_AddsNone()
    {
        _fill.Fill([new BatchRow(0, 0, true), new BatchRow(1, 0, true), new BatchRow(2, 0, true)], 3, seat => _ends[seat]).ShouldBe(0);
        _fill = new TileFill(seatCount: 3, SeatCellCount, isMeasured: false);
        Fill(0, 1, 2).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(70, 55, true)]
    [InlineData(70, 69, false)]
    [InlineData(70, 100, false)]
    public void Fill_WhenTimesDecide_TriesBothAndTakesTheQuicker(int three, int four, bool isFilled)
    {
        _fill = new TileFill(SeatCount, SeatCellCount, isMeasured: true);
        int[] ticks = [0, 0, 0, three, four];

        var counts = Enumerable.Range(0, 1_000).Select(_ => Compute(0, 1, 2)).ToList();

        counts.Take(4).ShouldBe([3, 3, 4, 4]);
        counts.Count(count => count == (isFilled ? 3 : 4)).ShouldBeInRange(3, 10, "as few as it takes to measure again");

        // And it takes notice of what has changed.
        ticks = [0, 0, 0, 100, isFilled ? 200 : 50];
        for (var step = 0; step < 600; step++)
            Compute(0, 1, 2);
        Enumerable.Range(0, 100).Count(_ => Compute(0, 1, 2) == (isFilled ? 3 : 4)).ShouldBeGreaterThan(95);

        int Compute(params int[] seats)
        {
            var count = seats.Length + Fill(seats).Length;
            _fill.Observe(Rows([.. seats, .. Enumerable.Range(3, count - 3)]), ticks[count]);
            return count;
        }
    }

    [Fact]
    public void Observe_WhenRowsAreNotOfStreamsOnly_LearnsNothing()
    {
        _fill = new TileFill(SeatCount, SeatCellCount, isMeasured: true);
        for (var step = 0; step < 10; step++)
        {
            _fill.Observe(Rows([0, 1, 1]), 50);
            _fill.Observe(Rows([0, 1, 3]), 50);
        }

        Fill(0, 1, 2).ShouldBeEmpty();
    }

    private List<int> AddedPositions { get; } = [];

    private int[] Fill(params int[] seats)
    {
        var rows = new BatchRow[64];
        Rows(seats).CopyTo(rows, 0);
        var added = rows[seats.Length..(seats.Length + _fill.Fill(rows, seats.Length, seat => _ends[seat]))];
        rows[..seats.Length].ShouldBe(Rows(seats));
        AddedPositions.Clear();
        AddedPositions.AddRange(added.Select(row => row.Position));
        return [.. added.Select(row => row.Slot)];
    }

    private static BatchRow[] Rows(int[] seats) => [.. seats.Select(seat => new BatchRow(seat, 7, Sample: true))];
}
