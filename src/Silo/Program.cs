using OrleansInference.DataPlane.Hosting;
using OrleansInference.Silo.Hosting;

BatchScheduling.Enter();
IHost silo;
try
{
    // Settings are read once. To watch their files would take a thread, which wakes for whatever is written below the current folder.
    var builder = Host.CreateApplicationBuilder([.. args, "--hostBuilder:reloadConfigOnChange=false"]);
    builder.AddSilo().JoinCluster().AddParentWatch();
    silo = builder.Build();
    builder.Configuration.RequireKnownSettings();
    silo.LoadNatives();
    await silo.StartAsync();
}
catch (Exception exception)
{
    await Console.Error.WriteLineAsync(StartFault.Describe("silo", exception));
    return 1;
}

await using ((IAsyncDisposable)silo)
    await silo.WaitForShutdownAsync();
return 0;
