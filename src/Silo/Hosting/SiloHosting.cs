using Microsoft.Extensions.Options;
using OrleansInference.Clustering;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Placement;
using OrleansInference.Grains.Shards;
using OrleansInference.Silo.Catalog;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Hosting;

/// <summary>What a silo is made of.</summary>
internal static class SiloHosting
{
    public static HostApplicationBuilder AddSilo(this HostApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Program says in one line why a silo does not start.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4.5));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddModels().AddDevice().AddStages();
        return builder;
    }

    /// <summary>Joins the cluster, and offers it the device.</summary>
    public static HostApplicationBuilder JoinCluster(this HostApplicationBuilder builder)
    {
        var device = builder.Configuration.GetSection(DeviceOptions.Section).Get<DeviceOptions>() ?? new DeviceOptions();
        return builder.AddCluster(DeviceLabels.From(device.ToProfile()));
    }

    /// <summary>
    /// Fails now, and not at the first shard, if the native libraries are missing or of another version, or find no such accelerator.
    /// </summary>
    public static void LoadNatives(this IHost silo)
    {
        var natives = silo.Services.GetRequiredService<IOptions<NativeOptions>>().Value;
        var device = silo.Services.GetRequiredService<IOptions<DeviceOptions>>().Value;
        NativeRuntime.Load(natives.Folder, silo.Services.GetRequiredService<ILoggerFactory>());
        Accelerator.Find(device.Accelerator).RequireMemory(device.MemoryBytes);
    }

    public static HostApplicationBuilder AddStages(this HostApplicationBuilder builder)
    {
        AddOptions<StageOptions>(builder, StageOptions.Section);
        AddOptions<HeadOptions>(builder, HeadOptions.Section);
        builder.Services.AddSingleton<StageServices>();
        builder.Services.AddSingleton<StageHost>();
        builder.Services.AddSingleton<IStageHost>(services => services.GetRequiredService<StageHost>());
        builder.Services.AddSingleton<IDataPlaneAcceptor>(services => services.GetRequiredService<StageHost>());
        builder.Services.AddHostedService(services => services.GetRequiredService<StageHost>());
        // After the stages, so that it stops before them: what they do then, no neighbour is to hear of as a fault.
        builder.Services.AddDataPlaneListener();
        return builder;
    }

    private static HostApplicationBuilder AddModels(this HostApplicationBuilder builder)
    {
        builder.Services.AddLlamaCpp();
        builder.Services.AddSingleton<IModelCatalog, ModelCatalog>();
        return builder;
    }

    private static HostApplicationBuilder AddDevice(this HostApplicationBuilder builder)
    {
        AddOptions<DeviceOptions>(builder, DeviceOptions.Section);
        builder.Services.AddSingleton<IDeviceSensors, DeviceSensors>();
        builder.Services.AddHostedService<DeviceRegistrationService>();
        return builder;
    }

    private static void AddOptions<TOptions>(HostApplicationBuilder builder, string section) where TOptions : class =>
        builder.Services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
