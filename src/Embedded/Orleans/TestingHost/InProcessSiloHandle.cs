using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>A silo of the test cluster.</summary>
public class InProcessSiloHandle : IAsyncDisposable
{
    public string Name { get; set; } = null!;

    public SiloAddress SiloAddress => ServiceProvider.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    public IHost SiloHost { get; init; } = null!;

    public IServiceProvider ServiceProvider => SiloHost.Services;

    public bool IsActive { get; private set; } = true;

    public async Task StopSiloAsync(bool stopGracefully)
    {
        if (!IsActive)
            return;
        IsActive = false;
        await SiloHost.StopAsync(new CancellationToken(canceled: !stopGracefully));
    }

    public async ValueTask DisposeAsync()
    {
        await StopSiloAsync(stopGracefully: true);
        await ((IAsyncDisposable)SiloHost).DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
