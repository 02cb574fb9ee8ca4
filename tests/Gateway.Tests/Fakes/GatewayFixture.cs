using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansInference.Gateway.Admission;
using OrleansInference.Gateway.Clusters;
using OrleansInference.Gateway.Heads;
using OrleansInference.Gateway.Hosting;

namespace OrleansInference.Gateway.Tests.Fakes;

/// <summary>The real gateway on a port of its own, with a fake cluster and a fake head behind it.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TimeProvider _time;
    private readonly string[] _settings;
    private WebApplication? _app;

    public GatewayFixture() : this([])
    {
    }

    /// <param name="settings">Command-line settings, such as --Gateway:MaximumChoices=2.</param>
    internal GatewayFixture(params string[] settings) : this(TimeProvider.System, settings)
    {
    }

    internal GatewayFixture(TimeProvider time, params string[] settings)
    {
        (_time, _settings) = (time, settings);
        Admission = new(() => Head.Endpoint);
    }

    internal FakeHead Head { get; private set; } = null!;

    internal FakeAdmission Admission { get; }

    internal FakeCluster Cluster { get; } = new();

    internal LogRecorder Logs { get; } = new();

    internal HeadClient Heads => _app!.Services.GetRequiredService<HeadClient>();

    internal Uri Address { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal static Task<GatewayFixture> StartAsync(params string[] settings) => StartAsync(TimeProvider.System, settings);

    internal static async Task<GatewayFixture> StartAsync(TimeProvider time, params string[] settings)
    {
        var fixture = new GatewayFixture(time, settings);
        await fixture.InitializeAsync();
        return fixture;
    }

    public async ValueTask InitializeAsync()
    {
        Head = await FakeHead.StartAsync();
        var builder = WebApplication.CreateBuilder(["--Urls=http://127.0.0.1:0", .. _settings]);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(Logs);
        builder.Services.AddSingleton(_time);
        builder.AddGateway();
        builder.Services.AddSingleton<IAdmission>(Admission).AddSingleton<IClusterView>(Cluster);
        _app = builder.Build();
        _app.MapGateway();
        await _app.StartAsync();
        Address = new(_app.Urls.Single());
        Http = new() { BaseAddress = Address, Timeout = Patience };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
        await Head.DisposeAsync();
    }

    internal Task StopAsync() => _app!.StopAsync();

    internal Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken cancellation = default) =>
        Http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), cancellation);

    internal async Task<JsonElement> PostForJsonAsync(string path, string json)
    {
        using var response = await PostAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Posts and returns once the headers are here.</summary>
    internal Task<HttpResponseMessage> PostForStreamAsync(string path, string json, CancellationToken cancellation = default) =>
        Http.SendAsync(
        new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") },
        HttpCompletionOption.ResponseHeadersRead, cancellation);

    /// <summary>Posts, calls <paramref name="then"/> once the stream has begun, and returns all of it; it must break off.</summary>
    internal async Task<string> PostForBrokenStreamAsync(string path, string json, Action? then = null)
    {
        using var response = await PostForStreamAsync(path, json);
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        then?.Invoke();
        return await ReadBrokenAsync(response);
    }

    /// <summary>What arrives of an answer that ends short of its last chunk, as HTTP says that it is not whole.</summary>
    internal static async Task<string> ReadBrokenAsync(HttpResponseMessage response)
    {
        using var received = new MemoryStream();
        var exception = await Should.ThrowAsync<HttpIOException>(
            async () => await (await response.Content.ReadAsStreamAsync()).CopyToAsync(received));
        exception.HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);
        return Encoding.UTF8.GetString(received.ToArray());
    }

    /// <summary>The events of a streamed answer, without [DONE], which must be there.</summary>
    internal async Task<JsonElement[]> PostForEventsAsync(string path, string json)
    {
        using var response = await PostAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events[^1].ShouldBe("data: [DONE]");
        return [.. events[..^1].Select(one => JsonDocument.Parse(one["data: ".Length..]).RootElement)];
    }

    internal static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            watch.Elapsed.ShouldBeLessThan(Patience, what);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until nothing of any request is left: no lease, no completion at the head, no entry in the gateway.</summary>
    internal async Task SettleAsync()
    {
        await UntilAsync(() => Admission.IsSettled, "every lease is given back once");
        await UntilAsync(() => Heads.WaitingCount + Heads.RunningCount == 0, "no request entry is left");
        await UntilAsync(() => Head.RunningCount == 0, "no completion runs at the head");
        Head.Requests.ShouldAllBe(request => request.Failure == null);
    }
}
