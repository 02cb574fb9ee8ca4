using Microsoft.Extensions.Options;
using OrleansInference.DataPlane.Connections;
using OrleansInference.DataPlane.Hosting;
using OrleansInference.Silo.Devices;
using OrleansInference.Silo.Engines;
using OrleansInference.Silo.Generation;

namespace OrleansInference.Silo.Stages;

/// <summary>What every stage of the silo works with.</summary>
internal sealed class StageServices(
    IStageEngineFactory engines, DataPlaneConnector connector, IOptions<StageOptions> stages, IOptions<HeadOptions> heads,
    IOptions<DeviceOptions> device, DataPlaneAddress address, TimeProvider time, ILoggerFactory logs)
{
    public IStageEngineFactory Engines => engines;

    public DataPlaneConnector Connector => connector;

    public StageOptions Stages => stages.Value;

    public HeadOptions Heads => heads.Value;

    public DeviceOptions Device => device.Value;

    public DataPlaneAddress Address => address;

    public TimeProvider Time => time;

    public ILoggerFactory Logs => logs;
}
