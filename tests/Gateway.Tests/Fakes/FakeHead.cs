using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Frames;
using OrleansInference.DataPlane.Hosting;

namespace OrleansInference.Gateway.Tests.Fakes;

/// <summary>A head behind a real data-plane listener, which answers as the test's script says.</summary>
internal sealed class FakeHead : IDataPlaneAcceptor, IAsyncDisposable
{
    private readonly ConcurrentQueue<FakeHeadRequest> _requests = new();
    private readonly ConcurrentDictionary<DataPlaneConnection, bool> _connections = new();
    private IHost? _host;

    /// <summary>What the head does with a request.</summary>
    public Func<FakeHeadRequest, Task> Script { get; set; } = Scripts.Story;

    /// <summary>Why connections are refused; null accepts them.</summary>
    public Func<HelloFrame, string?> Refuse { get; set; } = _ => null;

    public string Endpoint { get; private set; } = "";

    public IReadOnlyList<FakeHeadRequest> Requests => [.. _requests];

    public FakeHeadRequest LastRequest => _requests.Last();

    public int ConnectionCount => _connections.Count;

    public int RunningCount => _requests.Count(request => !request.IsDone);

    public static async Task<FakeHead> StartAsync()
    {
        var head = new FakeHead();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDataPlaneListener().AddSingleton<IDataPlaneAcceptor>(head);
        head._host = builder.Build();
        await head._host.StartAsync();
        head.Endpoint = head._host.Services.GetRequiredService<DataPlaneAddress>().Endpoint;
        return head;
    }

    public IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection)
    {
        if (Refuse(hello) is { } reason)
            throw new DataPlaneRefusedException(reason);
        _connections[connection] = true;
        return new Handler(this);
    }

    /// <summary>Breaks every connection, as a dying process does.</summary>
    public async Task DropConnectionsAsync()
    {
        foreach (var connection in _connections.Keys)
            await connection.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var request in _requests)
            request.OnCancel();
        await DropConnectionsAsync();
        if (Interlocked.Exchange(ref _host, null) is not { } host)
            return;
        await host.StopAsync();
        host.Dispose();
    }

    private sealed class Handler(FakeHead head) : IFrameHandler
    {
        private readonly ConcurrentDictionary<long, FakeHeadRequest> _running = new();

        public ValueTask OnFrameAsync(Frame frame, DataPlaneConnection connection, CancellationToken cancellation)
        {
            switch (frame)
            {
                case GenerateFrame generate:
                    var request = new FakeHeadRequest(generate, connection);
                    _running[generate.RequestId] = request;
                    head._requests.Enqueue(request);
                    _ = request.RunAsync(head.Script);
                    break;
                case CancelFrame cancel:
                    _running[cancel.RequestId].OnCancel();
                    break;
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask OnClosedAsync(DataPlaneConnection connection, Exception? reason)
        {
            head._connections.TryRemove(connection, out _);
            return ValueTask.CompletedTask;
        }
    }
}
