using Microsoft.Extensions.Options;
using OrleansInference.Models;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>Loads from the silo's model store with llama.cpp.</summary>
internal sealed class LlamaStageEngineFactory(
    ModelStore store, SliceAssembler assembler, IOptions<ModelStoreOptions> models, IOptions<NativeOptions> natives,
    IOptions<DeviceOptions> device, ILoggerFactory loggers, TimeProvider time)
    : IStageEngineFactory
{
    /// <summary>Writing a slice file takes most of a first load; mapping it the rest.</summary>
    private const double AssemblyShare = 0.7;

    private readonly ComputeGate _gate = new(UsableProcessors.Count);
    private readonly Lazy<Accelerator> _accelerator = new(() => Accelerator.Find(device.Value.Accelerator));

    public Task<IStageEngine> LoadStageAsync(
        StageConfiguration configuration, IProgress<double>? progress, CancellationToken cancellation)
    {
        StageConfigurationLimits.Require(configuration);
        // Long and blocking, on a thread that is nobody else's.
        return Task.Factory.StartNew<IStageEngine>(
            () => LoadStage(configuration, progress, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Task<string> GetContentHashAsync(string model, CancellationToken cancellation) =>
        Task.Run(() => SliceAssembler.ContentHash(store.Load(model)), cancellation);

    public Task<ITokenizer> LoadTokenizerAsync(string model, CancellationToken cancellation) => Task.Factory.StartNew<ITokenizer>(
        () =>
        {
            NativeRuntime.Load(natives.Value.Folder, loggers);
            var manifest = store.Load(model);
            var path = store.RequirePath("metadata", manifest.Metadata);
            using (var file = GgufFile.Open(path))
                VocabularyCheck.Require(file.Metadata, manifest.Hyperparameters.VocabularySize);
            return new LlamaTokenizer(SliceModel.Load(path, vocabularyOnly: true, null, cancellation), time);
        },
        cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private LlamaStageEngine LoadStage(StageConfiguration configuration, IProgress<double>? progress, CancellationToken cancellation)
    {
        NativeRuntime.Load(natives.Value.Folder, loggers);
        var manifest = store.Load(configuration.Model);
        if (configuration.FirstLayer < 0 || configuration.EndLayer > manifest.LayerCount)
            throw new ArgumentException(
                $"Layers {configuration.FirstLayer} to {configuration.EndLayer} are not in {manifest.Id}, "
                + $"which has {manifest.LayerCount}.");
        var slice = assembler.Assemble(
            manifest, configuration.FirstLayer, configuration.EndLayer, models.Value.SliceFolderOrDefault, Part(progress, 0, AssemblyShare),
            cancellation);
        return Open(slice, manifest, configuration, Part(progress, AssemblyShare, 1), cancellation);
    }

    private LlamaStageEngine Open(
        SliceFile slice, ModelManifest manifest, StageConfiguration configuration, IProgress<double>? progress, CancellationToken cancellation)
    {
        var isFirst = configuration.FirstLayer == 0;
        var isLast = configuration.EndLayer == manifest.LayerCount;
        SliceModel? model = null;
        SliceContext? context = null;
        EmbeddingLookup? embeddings = null;
        try
        {
            var pages = new LargePages();
            model = SliceModel.Load(slice.Path, vocabularyOnly: false, progress, cancellation, _accelerator.Value);
            context = SliceContext.Create(model, configuration, isLast, _gate);
            MappedPages.Release(slice.Path);
            pages.Apply();
            if (isLast && model.VocabularySize != manifest.Hyperparameters.VocabularySize)
                throw new StageEngineException(
                    $"{slice.Path} has {model.VocabularySize} tokens; {manifest.Id} has {manifest.Hyperparameters.VocabularySize}.");
            embeddings = isFirst ? new EmbeddingLookup(EmbeddingTable.Open(store, manifest), configuration.MaximumBatchRows) : null;
            var layers = configuration.EndLayer - configuration.FirstLayer;
            var shape = new StageShape(
                isFirst, isLast, layers, model.HiddenSize, manifest.Hyperparameters.VocabularySize, configuration.SlotCount,
                context.CellCount, configuration.MaximumBatchRows, new FileInfo(slice.Path).Length,
                manifest.Hyperparameters.KvBytesPerTokenPerLayer * layers * context.CellCount)
            {
                ContentHash = SliceAssembler.ContentHash(manifest),
                HasSlidingWindow = model.HasSlidingWindow,
            };
            ReturnLeftovers();
            progress?.Report(1);
            return new LlamaStageEngine(
                $"{manifest.Id} layers {configuration.FirstLayer}-{configuration.EndLayer - 1}", shape, slice, model, context, embeddings);
        }
        catch
        {
            embeddings?.Dispose();
            context?.Dispose();
            model?.Dispose();
            slice.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What the start and the load needed once is mostly old by now; a silo that makes little garbage would keep it for hours.
    /// </summary>
    private static void ReturnLeftovers()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeRuntime.ReturnFreeMemory();
    }

    private static PartProgress? Part(IProgress<double>? progress, double from, double to) =>
        progress is null ? null : new PartProgress(progress, from, to);

    /// <summary>Not <see cref="Progress{T}"/>, whose reports may overtake each other.</summary>
    private sealed class PartProgress(IProgress<double> whole, double from, double to) : IProgress<double>
    {
        public void Report(double value) => whole.Report(from + value * (to - from));
    }
}
