using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansInference.DataPlane.Hosting;

/// <summary>
/// Stops a host when its standard input ends. <c>oinf up</c> holds the other end of that pipe, so the kernel closes it however
/// <c>oinf up</c> ends, and no process is left behind.
/// </summary>
public static class ParentWatch
{
    /// <summary>Whether the host stops when its standard input ends; false by default, because a service has no input.</summary>
    public const string Key = "Host:StopWhenInputCloses";

    public static IHostApplicationBuilder AddParentWatch(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Configuration.GetValue<bool>(Key))
            builder.Services.AddHostedService<ParentWatchService>();
        return builder;
    }
}

internal sealed partial class ParentWatchService(IHostApplicationLifetime lifetime, ILogger<ParentWatchService> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: reading a pipe blocks, and nothing but the end of the input ends it.
        new Thread(ReadToEnd) { IsBackground = true, Name = "parent watch" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void ReadToEnd()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[256];
        while (input.Read(buffer) > 0)
        {
        }

        OnInputClosed();
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The process that started this one is gone; stopping.")]
    private partial void OnInputClosed();
}
