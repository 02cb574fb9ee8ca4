using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.AddParentWatch();
builder.AddCluster();
builder.AddGateway();

var app = builder.Build();
app.MapGateway();
await app.RunAsync();
