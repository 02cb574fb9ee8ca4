using OrleansInference.DataPlane.Elements;

namespace OrleansInference.Bench.Rows;

/// <summary>What hidden rows cost and lose on their way, as each element type.</summary>
internal static class RowsBench
{
    public static async Task<int> RunAsync(CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("oinf-rows-").FullName;
        try
        {
            var results = new List<RowsResult>();
            await using var pebble = await SplitPebble.LoadAsync(folder, cancellation);
            foreach (var type in Enum.GetValues<ElementType>())
            {
                var speed = RowSpeed.Measure(type);
                var loss = await pebble.MeasureAsync(type, cancellation);
                results.Add(new RowsResult(type, speed, loss));
                await Console.Out.WriteLineAsync($"{type}: {speed}, {loss}");
            }

            var table = RowsTable.Create(results);
            await Console.Out.WriteLineAsync(table);
            BenchmarkPage.Write("rows", table);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

internal sealed record RowsResult(ElementType Type, RowSpeed Speed, RowLoss Loss);
