using System.CommandLine;
using System.Globalization;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf model random SHAPE</c>: a model of a named shape with random weights, for tests and benches.</summary>
internal static class ModelRandomCommand
{
    public static Command Create(Screen screen)
    {
        var shape = new Argument<string>("SHAPE") { Description = string.Join(", ", RandomModelShape.All.Select(s => s.Name)) };
        var type = new Option<string>("--type")
        {
            Description = "Type of the weights: " + string.Join(", ", RandomModel.Types), DefaultValueFactory = _ => nameof(GgmlType.Q4_0),
        };
        var seed = new Option<string>("--seed") { Description = "The same seed makes the same file", DefaultValueFactory = _ => "1" };
        var output = new Option<FileInfo>("--output") { Description = "The GGUF file to write", Required = true };
        var command = new Command("random", "Write a model of a named shape with random weights") { shape, type, seed, output };
        command.SetAction((arguments, cancellation) => WriteAsync(
            screen, arguments.GetRequiredValue(shape), arguments.GetRequiredValue(type), arguments.GetRequiredValue(seed),
            arguments.GetRequiredValue(output), cancellation));
        return command;
    }

    private static async Task WriteAsync(Screen screen, string shape, string type, string seed, FileInfo output, CancellationToken cancellation)
    {
        var (isKnown, weights) = (Enum.TryParse<GgmlType>(type, ignoreCase: true, out var parsed) && RandomModel.Types.Contains(parsed), parsed);
        if (!isKnown)
            throw new UserErrorException($"--type is '{type}', but must be one of {string.Join(", ", RandomModel.Types)}.");
        if (!ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new UserErrorException($"--seed is '{seed}', but must be a whole number from 0 to {ulong.MaxValue}.");
        try
        {
            var chosen = RandomModelShape.Get(shape);
            output.Directory?.Create();
            await ProgressDisplay.RunAsync(screen, $"Write {chosen.Name}", report => Task.Run(() =>
            {
                var progress = new DirectProgress<double>(fraction => report(weights.ToString(), fraction));
                RandomModel.Write(chosen, weights, number, output.FullName, progress, cancellation);
                return true;
            }, cancellation)).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw UserErrorException.From(e);
        }

        output.Refresh();
        screen.Line($"Wrote {output.FullName}: {shape}, {weights}, {ByteSize.Format(output.Length)}.");
    }
}
