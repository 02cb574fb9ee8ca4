using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;
using OrleansInference.Grains.Shards;
using OrleansInference.Models.Store;
using OrleansInference.Silo.Catalog;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Generation;
using OrleansInference.Silo.Stages;

namespace OrleansInference.Silo.Hosting;

/// <summary>What a silo is made of.</summary>
internal static class SiloHosting
{
    public static WebApplicationBuilder AddSilo(this WebApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4.5));
        builder.Services.AddSingleton(TimeProvider.System);
        AddOptions<ClusterOptions>(builder, ClusterOptions.Section);
        builder.AddModels().AddDevice().AddStages();
        return builder;
    }

    public static WebApplicationBuilder AddStages(this WebApplicationBuilder builder)
    {
        AddOptions<StageOptions>(builder, StageOptions.Section);
        AddOptions<HeadOptions>(builder, HeadOptions.Section);
        builder.Services.AddDataPlane();
        builder.Services.AddSingleton<DataPlaneAddress>();
        builder.Services.AddSingleton<StageServices>();
        builder.Services.AddSingleton<StageHost>();
        builder.Services.AddSingleton<IStageHost>(services => services.GetRequiredService<StageHost>());
        builder.Services.AddSingleton<IDataPlaneAcceptor>(services => services.GetRequiredService<StageHost>());
        builder.Services.AddHostedService(services => services.GetRequiredService<StageHost>());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenDataPlane());
        return builder;
    }

    private static WebApplicationBuilder AddModels(this WebApplicationBuilder builder)
    {
        AddOptions<ModelOptions>(builder, ModelOptions.Section);
        builder.Services.AddSingleton(services => new ModelStore(services.GetRequiredService<IOptions<ModelOptions>>().Value.Store));
        builder.Services.AddSingleton<IModelCatalog, ModelCatalog>();
        return builder;
    }

    private static WebApplicationBuilder AddDevice(this WebApplicationBuilder builder)
    {
        AddOptions<DeviceOptions>(builder, DeviceOptions.Section);
        builder.Services.AddSingleton<IDeviceSensors, DeviceSensors>();
        builder.Services.AddHostedService<DeviceRegistrationService>();
        return builder;
    }

    private static void AddOptions<TOptions>(WebApplicationBuilder builder, string section) where TOptions : class =>
        builder.Services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
