using OrleansInference.DataPlane.Hosting;
using OrleansInference.Gateway.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddParentWatch();
builder.AddCluster();
builder.AddGateway();

var app = builder.Build();
app.UseApiErrors();
app.MapGroup("/v1").MapOpenAI();
app.MapGroup("/admin").MapAdmin();
app.MapHealth();
await app.RunAsync();
