using System.CommandLine;
using System.Globalization;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.Store;
using OrleansInference.Models.Templates;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Terminal;
using Spectre.Console;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf model inspect FILE|NAME</c>: what is in a GGUF file or in a model of the store.</summary>
internal static class ModelInspectCommand
{
    public static Command Create(Screen screen)
    {
        var subject = new Argument<string>("FILE|NAME") { Description = "A GGUF file, or a model of the store" };
        var store = StoreOption.Create();
        var command = new Command("inspect", "Show what is in a GGUF file or in a model of the store") { subject, store };
        command.SetAction(arguments =>
        {
            var name = arguments.GetRequiredValue(subject);
            if (File.Exists(name))
                ShowFile(screen, name);
            else if (name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
                throw new UserErrorException($"There is no file {Path.GetFullPath(name)}.");
            else
                ShowManifest(screen, StoreOption.Read(arguments, store), name);
        });
        return command;
    }

    private static void ShowFile(Screen screen, string path)
    {
        using var file = GgufFile.Open(path);
        ShowFacts(
            screen, ("File", string.Join(", ", file.Parts)), ("Size", ByteSize.Format(file.ByteLength)),
            ("Architecture", file.Metadata.FindString("general.architecture")), ("Name", file.Metadata.FindString("general.name")),
            ("Licence", file.Metadata.FindString("general.license")), ("Metadata keys", Number(file.Metadata.Keys.Count)),
            ("Tensors", Number(file.Tensors.Length)), ("Chat template", DescribeTemplate(file.Metadata)));

        var types = new Table().RoundedBorder().AddColumns("Type", "Tensors", "Size");
        foreach (var group in file.Tensors.GroupBy(tensor => tensor.Type).OrderByDescending(group => group.Sum(tensor => tensor.ByteLength)))
            types.AddRow(group.Key.ToString(), Number(group.Count()), ByteSize.Format(group.Sum(tensor => tensor.ByteLength)));
        screen.Console.Write(types);
    }

    private static void ShowManifest(Screen screen, ModelStore store, string name)
    {
        var manifest = store.Load(name);
        using var keys = GgufFile.Open(store.RequirePath("metadata", manifest.Metadata));
        var sizes = manifest.Hyperparameters;
        ShowFacts(
            screen, ("Model", manifest.Id), ("Architecture", manifest.Architecture), ("Layers", Number(sizes.LayerCount)),
            ("Hidden size", Number(sizes.HiddenSize)), ("Heads", $"{Number(sizes.HeadCount)}, {Number(sizes.KeyValueHeadCount)} for keys and values"),
            ("Vocabulary", Number(sizes.VocabularySize)), ("Context", Number(sizes.ContextLength)),
            ("KV per token", ByteSize.Format(sizes.KvBytesPerTokenPerLayer * sizes.LayerCount)),
            ("Chat template", DescribeTemplate(keys.Metadata)), ("Licence", manifest.Licence), ("Provenance", manifest.Provenance));

        var blobs = new Table().RoundedBorder().AddColumns("Blob", "Size", "Tensors", "SHA-256");
        foreach (var (what, blob) in manifest.NamedBlobs)
            blobs.AddRow(what, ByteSize.Format(blob.Bytes), Number(blob.Tensors.Length), blob.Sha256);
        screen.Console.Write(blobs);
    }

    private static string DescribeTemplate(GgufMetadata metadata)
    {
        if (metadata.FindString("tokenizer.chat_template") is not { } source)
            return "none; the model takes completions only";
        try
        {
            _ = new ChatTemplate(source, beginText: "", endText: "");
            return "yes";
        }
        catch (TemplateException exception)
        {
            return $"cannot be rendered, so the model takes completions only: {exception.Description}";
        }
    }

    private static void ShowFacts(Screen screen, params (string What, string? Value)[] facts)
    {
        foreach (var (what, value) in facts)
            screen.Line($"{what + ':',-15} {value ?? "not said"}");
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
