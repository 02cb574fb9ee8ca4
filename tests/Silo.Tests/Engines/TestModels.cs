using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.RandomModels;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Engines.LlamaCpp;

[assembly: AssemblyFixture(typeof(OrleansInference.Silo.Tests.Engines.TestModels))]

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Models of the tests, made and imported once per run, in a folder that is deleted at its end.</summary>
public sealed class TestModels : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oinf-engines-").FullName;
    private readonly ConcurrentDictionary<string, Lazy<Task<TestModel>>> _models = [];
    private readonly ModelStore _store;

    public TestModels() => _store = new ModelStore(Path.Combine(_folder, "store"));

    /// <summary>
    /// "pebble", or a random model's shape and type: "tiny-llama Q8_0"; with "loud" behind them, layers add so much that hidden rows are
    /// beyond what a half can be.
    /// </summary>
    internal Task<TestModel> GetAsync(string name)
    {
        Natives.Load();
        return _models.GetOrAdd(name, _ => new Lazy<Task<TestModel>>(() => ImportAsync(name))).Value;
    }

    internal IStageEngineFactory Factory(string? sliceFolder = null) => new LlamaStageEngineFactory(
        _store, new SliceAssembler(_store),
        Options.Create(new ModelStoreOptions { Store = _store.Root, SliceFolder = sliceFolder ?? Path.Combine(_folder, "slices") }),
        Options.Create(new NativeOptions { Folder = Natives.Folder }), Options.Create(new DeviceOptions()), NullLoggerFactory.Instance,
        TimeProvider.System);

    /// <summary>Writes over the keys that the store holds of a model of one test.</summary>
    internal void ChangeKeys(TestModel model, string what, string with)
    {
        var path = _store.PathOf(model.Manifest.Metadata);
        File.WriteAllBytes(path, Changed(File.ReadAllBytes(path), what, with));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<TestModel> ImportAsync(string name)
    {
        var path = name switch
        {
            "pebble" => PebblePath(),
            // The same bytes but for a key, or for what ends a statement of the template.
            "pebble-without-template" => WriteChangedPebble(name, "tokenizer.chat_template", "tokenizer.bath_template"),
            "pebble-of-broken-template" => WriteChangedPebble(name, "endfor", "endfur"),
            // Its template writes an argument out.
            "pebble-of-notes" => WriteChangedPebble(name, "{% if add_generation_prompt %}", "{{ note        }}{% if true %}"),
            // Named apart, so that the store holds its keys apart.
            "pebble-to-spoil" => WriteChangedPebble(name, "pebble", "rubble"),
            // Another way to split words, one that llama.cpp leaves to std::regex.
            "pebble-of-regex-splitter" => WriteChangedPebble(name, "gpt-2", "bloom"),
            // And one whose words may change between slashes and line ends.
            "pebble-of-slash-splitter" => WriteChangedPebble(name, "gpt-2", "youtu"),
            // The tag that begins a turn is no control token, as in files whose makers only added it to another model's vocabulary.
            "pebble-of-added-tags" => WritePebbleOfAddedTags(name),
            _ => WriteRandom(name),
        };
        var manifest = await _store.ImportAsync(path, new ImportOptions { Name = name.Replace(' ', '-') });
        return new TestModel(manifest, path);
    }

    private string WriteRandom(string name)
    {
        var words = name.Split(' ');
        var path = Path.Combine(_folder, name.Replace(' ', '-') + ".gguf");
        RandomModel.Write(RandomModelShape.Get(words[0]), Enum.Parse<GgmlType>(words[1]), seed: 1, path);
        if (words.Length > 2 && words[2] == "loud")
            MultiplyNorms(path, "post_ffw_norm.weight", 30_000);
        return path;
    }

    private static void MultiplyNorms(string path, string name, float factor)
    {
        var bytes = File.ReadAllBytes(path);
        using (var file = GgufFile.Open(path))
        {
            foreach (var tensor in file.Tensors.Where(tensor => tensor.Name.EndsWith(name, StringComparison.Ordinal)))
            {
                var weights = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)tensor.FileOffset, (int)tensor.ByteLength));
                TensorPrimitives.Multiply(weights, factor, weights);
            }
        }
        File.WriteAllBytes(path, bytes);
    }

    private string WriteChangedPebble(string name, string what, string with)
    {
        var path = Path.Combine(_folder, name + ".gguf");
        File.WriteAllBytes(path, Changed(File.ReadAllBytes(PebblePath()), what, with));
        return path;
    }

    private string WritePebbleOfAddedTags(string name)
    {
        const string Types = "tokenizer.ggml.token_type";
        const int UserDefined = 4;
        using var pebble = GgufFile.Open(PebblePath());
        var tag = pebble.Metadata.GetArray("tokenizer.ggml.tokens").Strings().ToList().IndexOf("<|im_start|>");
        var types = pebble.Metadata.GetArray(Types);
        var writer = new GgufWriter();
        foreach (var key in pebble.Metadata.Keys)
            writer.CopyKey(pebble.Metadata, key);
        writer.SetInt32s(Types, [.. Enumerable.Range(0, types.Count).Select(token => token == tag ? UserDefined : (int)types.GetInteger(token))]);
        foreach (var tensor in pebble.Tensors)
            writer.AddTensor(
                tensor.Name, tensor.Type, tensor.Dimensions, GgufTensorContent.Copy(pebble.PathOf(tensor), tensor.FileOffset));
        var path = Path.Combine(_folder, name + ".gguf");
        using var stream = File.Create(path);
        writer.WriteTo(stream);
        return path;
    }

    private static byte[] Changed(byte[] bytes, string what, string with)
    {
        while (bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(what)) is var place and >= 0)
            Encoding.UTF8.GetBytes(with).CopyTo(bytes.AsSpan(place));
        return bytes;
    }

    private static string PebblePath()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "models", "pebble", "pebble-q8_0.gguf");
            if (File.Exists(path))
                return path;
        }
        throw new FileNotFoundException("models/pebble/pebble-q8_0.gguf is not in the repository that holds the tests.");
    }
}

internal sealed record TestModel(ModelManifest Manifest, string Path)
{
    public int VocabularySize => Manifest.Hyperparameters.VocabularySize;

    public int[] Prompt(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(3, VocabularySize))];
    }
}
