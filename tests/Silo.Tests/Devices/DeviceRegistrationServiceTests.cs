using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Grains.Devices;
using OrleansInference.Grains.Models;
using OrleansInference.Silo.Devices;

namespace OrleansInference.Silo.Tests.Devices;

public sealed class DeviceRegistrationServiceTests
{
    private const int Refusals = 5;

    private readonly Cluster _cluster = new();

    [Fact]
    public async Task Register_WhenTheNameIsTaken_SaysSoOnceAndTakesOverOnceItIsFree()
    {
        var grains = Stub.Create<IGrainFactory>(_ => _cluster);
        var silo = Stub.Create<ILocalSiloDetails>(static member =>
            member.ReturnType == typeof(string) ? "silo" : SiloAddress.New(IPAddress.Loopback, 1, 1));
        var life = Stub.Create<IHostApplicationLifetime>(static _ => new CancellationToken(canceled: true));
        var options = Options.Create(new DeviceOptions { Name = "a", Threads = 1, RegistrationRetrySeconds = 0.01 });
        using var service = new DeviceRegistrationService(
            grains, silo, options, new DataPlaneAddress(Options.Create(new DataPlaneOptions { Advertise = "a:1" })), life,
            TimeProvider.System, _cluster);

        await service.StartAsync(TestContext.Current.CancellationToken);
        await service.ExecuteTask!;

        _cluster.Asked.ShouldBe(Refusals + 1);
        _cluster.Lines.ShouldBe(
        [
            "Device a could not be registered yet: Device a is already offered by silo X.",
            $"Device a (generic, {options.Value.MemoryBytes} bytes for models) is offered at a:1.",
        ]);
    }

    private sealed class Cluster : IDeviceHealthGrain, ILogger<DeviceRegistrationService>
    {
        public int Asked { get; private set; }

        public ConcurrentQueue<string> Lines { get; } = [];

        public Task RegisterAsync(DeviceRegistration registration) => ++Asked <= Refusals
            ? throw new DeviceUnavailableException("Device a is already offered by silo X.")
            : Task.CompletedTask;

        public Task<DeviceReport> GetReportAsync() => throw new NotSupportedException();

        public Task<ModelProfile> ReadModelAsync(string model) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));
    }

    // The two engines' interfaces have different members beside those that are used.
#pragma warning disable CA1852 // The proxies derive from it.
    private class Stub : DispatchProxy
#pragma warning restore CA1852
    {
        private Func<MethodInfo, object> _answer = null!;

        public static T Create<T>(Func<MethodInfo, object> answer) where T : class
        {
            var stub = Create<T, Stub>();
            ((Stub)(object)stub)._answer = answer;
            return stub;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!);
    }
}
