using OrleansInference.DataPlane.Hosting;
using OrleansInference.Silo.Hosting;

WebApplication silo;
try
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.AddSilo().JoinCluster().AddParentWatch();
    silo = builder.Build();
    silo.LoadNatives();
    await silo.StartAsync();
}
catch (Exception exception)
{
    await Console.Error.WriteLineAsync(StartFault.Describe(exception));
    return 1;
}

await using (silo)
    await silo.WaitForShutdownAsync();
return 0;
