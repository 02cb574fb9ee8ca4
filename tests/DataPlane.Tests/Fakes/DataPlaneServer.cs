using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>A process with a data plane, as a silo sets one up, and a connector with the same settings.</summary>
internal sealed class DataPlaneServer : IAsyncDisposable, IDataPlaneAcceptor
{
    private readonly IHost _host;
    private readonly Func<HelloFrame, IFrameHandler> _accept;

    private DataPlaneServer(
        Func<HelloFrame, IFrameHandler> accept, (string Key, string Value)[] settings, Action<IServiceCollection>? configure)
    {
        _accept = accept;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            settings.ToDictionary(setting => $"DataPlane:{setting.Key}", setting => (string?)setting.Value));
        builder.Services.AddSingleton<IDataPlaneAcceptor>(this);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(Logs));
        configure?.Invoke(builder.Services);
        builder.Services.AddDataPlaneListener();
        _host = builder.Build();
    }

    public RecordingLogs Logs { get; } = new();

    public ConcurrentQueue<DataPlaneConnection> Accepted { get; } = new();

    public string Endpoint { get; private set; } = "";

    public int Port => IPEndPoint.Parse(Endpoint).Port;

    public DataPlaneConnector Connector => _host.Services.GetRequiredService<DataPlaneConnector>();

    public static async Task<DataPlaneServer> StartAsync(
        Func<HelloFrame, IFrameHandler> accept, (string Key, string Value)[]? settings = null, Action<IServiceCollection>? configure = null)
    {
        var server = new DataPlaneServer(accept, settings ?? [], configure);
        await server._host.StartAsync(TestContext.Current.CancellationToken);
        server.Endpoint = server._host.Services.GetRequiredService<DataPlaneAddress>().Endpoint;
        return server;
    }

    public IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection)
    {
        var handler = _accept(hello);
        Accepted.Enqueue(connection);
        return handler;
    }

    public Task<DataPlaneConnection> ConnectAsync(HelloFrame hello, IFrameHandler? handler = null) =>
        Wait.For(Connector.ConnectAsync(Endpoint, hello, handler ?? new RecordingHandler(), TestContext.Current.CancellationToken));

    /// <summary>A client without our code.</summary>
    public async Task<Socket> ConnectRawAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        return socket;
    }

    public Task StopAsync() => Wait.For(_host.StopAsync(TestContext.Current.CancellationToken));

    public async ValueTask DisposeAsync()
    {
        await Wait.For(_host.StopAsync());
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
