using OrleansInference.Silo.Engines;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class RowTileTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 1, 3)]
    [InlineData(3, 3, 1)]
    [InlineData(4, 2, 2)]
    [InlineData(5, 2, 4)]
    [InlineData(8, 2, 4)]
    [InlineData(8, 3, 4)]
    [InlineData(7, 1, 4)]
    [InlineData(16, 3, 4)]
    [InlineData(16, 2, 8)]
    [InlineData(9, 2, 5)]
    [InlineData(11, 2, 4)]
    [InlineData(13, 2, 8)]
    [InlineData(14, 2, 8)]
    [InlineData(18, 2, 9)]
    [InlineData(20, 2, 10)]
    [InlineData(22, 2, 12)]
    public void Share_WhenStreamsAreSpreadOverBatches_IsWholeTilesWhereThoseCostLess(int streams, int batches, int expected) =>
        RowTile.ShareOf(streams, batches).ShouldBe(expected);

    [Fact]
    public void Share_WhateverTheStreams_IsNeverNothingAndNeverMoreThanThereAre()
    {
        for (var streams = 1; streams <= 64; streams++)
        {
            for (var batches = 1; batches <= 16; batches++)
                RowTile.ShareOf(streams, batches).ShouldBeInRange(1, streams);
        }
    }

    [Theory]
    [InlineData(0, 64, 64)]
    [InlineData(0, 63, 60)]
    [InlineData(1, 16, 15)]
    [InlineData(8, 16, 16)]
    [InlineData(0, 3, 3)]
    [InlineData(3, 4, 1)]
    [InlineData(1, 2, 2)]
    [InlineData(5, 0, 0)]
    public void Fill_WhenThereIsRoom_EndsTheBatchAtAWholeTile(int rowCount, int room, int expected) =>
        RowTile.Fill(rowCount, room).ShouldBe(expected);
}
