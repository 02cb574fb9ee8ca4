using System.CommandLine;
using OrleansInference.Models.Store;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Terminal;
using Spectre.Console;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf model</c>: the models in a store.</summary>
internal static class ModelCommand
{
    public static Command Create(Screen screen) => new("model", "Import, look at, check and make models")
    {
        ModelImportCommand.Create(screen),
        ModelInspectCommand.Create(screen),
        CreateVerify(screen),
        ModelRandomCommand.Create(screen),
        CreateList(screen),
    };

    private static Command CreateVerify(Screen screen)
    {
        var (name, store) = (new Argument<string>("NAME") { Description = "Name, or name@version" }, StoreOption.Create());
        var command = new Command("verify", "Read every blob of a model and compare it with the manifest") { name, store };
        command.SetAction(async (arguments, cancellation) =>
        {
            var (model, models) = (arguments.GetRequiredValue(name), StoreOption.Read(arguments, store));
            var faults = await ProgressDisplay.RunAsync(
                screen, $"Verify {model}", report => models.VerifyAsync(model, StoreProgress.Of(report), cancellation)).ConfigureAwait(false);
            foreach (var fault in faults)
                screen.Error($"{fault.What}: {fault.Problem} (blob {fault.Sha256})");
            screen.Line(faults.IsEmpty ? $"{model}: all blobs are what the manifest says." : $"{model}: {faults.Length} blobs are at fault.");
            return faults.IsEmpty ? 0 : 1;
        });
        return command;
    }

    private static Command CreateList(Screen screen)
    {
        var store = StoreOption.Create();
        var command = new Command("list", "List the models in the store") { store };
        command.SetAction(arguments =>
        {
            var models = StoreOption.Read(arguments, store);
            var table = new Table().RoundedBorder().AddColumns("Model", "Architecture", "Layers", "Size", "Licence");
            foreach (var manifest in models.List().Select(models.Load))
                table.AddRow([.. new[]
                {
                    manifest.Id, manifest.Architecture, $"{manifest.LayerCount}", ByteSize.Format(manifest.Blobs.Sum(b => b.Bytes)),
                    manifest.Licence ?? "",
                }.Select(Markup.Escape)]);
            if (table.Rows.Count == 0)
                screen.Line($"There is no model in {models.Root}.");
            else
                screen.Console.Write(table);
        });
        return command;
    }
}
