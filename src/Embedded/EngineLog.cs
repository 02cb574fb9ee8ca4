using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansInference.Embedded;

/// <summary>What the engine logs.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(LogLevel.Critical, "This silo stops: its membership files are gone from {Folder}")]
    public static partial void SiloEvicted(this ILogger logger, string folder);

    [LoggerMessage("Member {Name} ({Silo}) is {Status}")]
    public static partial void MemberSeen(this ILogger logger, LogLevel level, string name, SiloAddress silo, SiloStatus status);

    [LoggerMessage(LogLevel.Warning, "Member {Name} ({Silo}) has not answered {Missed} pings: its process {ProcessId} is ended")]
    public static partial void MemberFrozen(this ILogger logger, string name, SiloAddress silo, int missed, int processId);

    [LoggerMessage(LogLevel.Warning, "The connection from {Peer} was closed: what it sent makes no sense")]
    public static partial void ConnectionRefused(this ILogger logger, Exception exception, SiloAddress? peer);

    [LoggerMessage(LogLevel.Warning, "{Step} of grain {GrainId} failed")]
    public static partial void GrainFailed(this ILogger logger, Exception exception, string step, GrainId grainId);

    [LoggerMessage(LogLevel.Warning, "{Count} activations had not ended when the silo stopped")]
    public static partial void ActivationsLeftBehind(this ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "The one-way call {Method} of grain {GrainId} failed")]
    public static partial void OneWayCallFailed(this ILogger logger, Exception exception, string method, GrainId grainId);

    [LoggerMessage(LogLevel.Error, "Work of the engine failed")]
    public static partial void BackgroundWorkFailed(this ILogger logger, Exception exception);
}
