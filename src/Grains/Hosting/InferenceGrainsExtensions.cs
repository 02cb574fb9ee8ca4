using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using OrleansInference.Grains.Clusters;
using OrleansInference.Grains.Gateways;
using OrleansInference.Grains.Pipelines;
using OrleansInference.Grains.Placement;
using OrleansInference.Grains.Planning;

namespace OrleansInference.Grains.Hosting;

public static class InferenceGrainsExtensions
{
    /// <summary>
    /// Placement and options of the inference grains; every silo calls it, gateways too. A silo that offers a device adds its
    /// IStageHost, IModelCatalog and IDeviceSensors and the labels of <see cref="DeviceLabels"/>.
    /// </summary>
    public static ISiloBuilder AddInferenceGrains(this ISiloBuilder silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.AddPlacementDirector<DevicePlacement, DevicePlacementDirector>();
        silo.AddPlacementDirector<DeviceLocalPlacement, DeviceLocalPlacementDirector>();
        AddOptions<RosterOptions>(silo.Services, RosterOptions.Section);
        AddOptions<PlanningOptions>(silo.Services, PlanningOptions.Section);
        AddOptions<PipelineOptions>(silo.Services, PipelineOptions.Section);
        AddOptions<AdmissionOptions>(silo.Services, AdmissionOptions.Section);
        return silo;
    }

    private static void AddOptions<TOptions>(IServiceCollection services, string section) where TOptions : class =>
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
