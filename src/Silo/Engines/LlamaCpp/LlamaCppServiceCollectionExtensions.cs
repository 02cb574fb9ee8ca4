using Microsoft.Extensions.Options;
using OrleansInference.Models.Store;

namespace OrleansInference.Silo.Engines.LlamaCpp;

internal static class LlamaCppServiceCollectionExtensions
{
    /// <summary>The model store and <see cref="IStageEngineFactory"/> on llama.cpp, from sections "Models" and "Natives".</summary>
    public static IServiceCollection AddLlamaCpp(this IServiceCollection services)
    {
        services.AddOptions<NativeOptions>().BindConfiguration(NativeOptions.Section);
        services.AddOptions<ModelStoreOptions>().BindConfiguration(ModelStoreOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => new ModelStore(provider.GetRequiredService<IOptions<ModelStoreOptions>>().Value.Store));
        services.AddSingleton<SliceAssembler>();
        services.AddSingleton<IStageEngineFactory, LlamaStageEngineFactory>();
        return services;
    }
}
