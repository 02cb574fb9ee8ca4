using System.CommandLine;
using OrleansInference.Models.Store;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf model import FILE</c>: cuts a GGUF file into the store's blobs.</summary>
internal static class ModelImportCommand
{
    public static Command Create(Screen screen)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A GGUF file; of a split model, any part" };
        var name = new Option<string?>("--name") { Description = "Name in the store; the file's name by default" };
        var version = new Option<string>("--version") { Description = "Version in the store", DefaultValueFactory = _ => "1" };
        var licence = new Option<string?>("--licence") { Description = "Licence; what the file says by default" };
        var provenance = new Option<string?>("--provenance") { Description = "Where the model comes from; what the file says by default" };
        var store = StoreOption.Create();
        var command = new Command("import", "Cut a GGUF file into layer blobs in the store") { file, name, version, licence, provenance, store };
        command.SetAction((arguments, cancellation) =>
        {
            var path = arguments.GetRequiredValue(file).FullName;
            return RunAsync(screen, path, StoreOption.Read(arguments, store), new ImportOptions
            {
                Name = arguments.GetValue(name) ?? Path.GetFileNameWithoutExtension(path),
                Version = arguments.GetRequiredValue(version),
                Licence = arguments.GetValue(licence),
                Provenance = arguments.GetValue(provenance),
            }, cancellation);
        });
        return command;
    }

    private static async Task RunAsync(Screen screen, string path, ModelStore store, ImportOptions options, CancellationToken cancellation)
    {
        if (Directory.Exists(path))
            throw new UserErrorException($"{path} is a folder; name the GGUF file in it.");
        if (!File.Exists(path))
            throw new UserErrorException($"There is no file {path}.");
        try
        {
            var manifest = await ProgressDisplay.RunAsync(
                screen, $"Import {options.Name}", report => store.ImportAsync(path, options, StoreProgress.Of(report), cancellation))
                .ConfigureAwait(false);
            screen.Line($"Imported {manifest.Id}: {manifest.Architecture}, {manifest.LayerCount} layers, "
                + $"{ByteSize.Format(manifest.Blobs.Sum(blob => blob.Bytes))}, into {store.Root}.");
        }
        catch (ArgumentException e)
        {
            throw UserErrorException.From(e);
        }
    }
}
