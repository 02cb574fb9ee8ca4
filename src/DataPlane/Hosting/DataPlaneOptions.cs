using System.ComponentModel.DataAnnotations;
using System.Net;
using OrleansInference.DataPlane.Connections;

namespace OrleansInference.DataPlane.Hosting;

/// <summary>Bounds of the data plane, bound from <c>DataPlane</c>. Both sides of a connection need the same frame bounds.</summary>
public sealed class DataPlaneOptions : IValidatableObject
{
    public const string Section = "DataPlane";

    private const string Auto = "Auto";

    /// <summary>Where a silo listens: an address and a port, 0 for any free one. Default 127.0.0.1:0.</summary>
    [Required]
    public string Listen { get; set; } = "127.0.0.1:0";

    /// <summary>host:port by which the other machines reach this one; default: what it listens on, which is right on one machine only.</summary>
    public string? Advertise { get; set; }

    /// <summary>
    /// Connections that a listener holds at once; as many more are refused with that reason, and those beyond closed at once. Default 256.
    /// </summary>
    [Range(1, 65_536)]
    public int MaximumConnections { get; set; } = 256;

    /// <summary>Time for a connection to be made and welcomed. Default 5,000.</summary>
    [Range(10, 600_000)]
    public int ConnectTimeoutMilliseconds { get; set; } = 5_000;

    /// <summary>Time in which a listener must have heard a whole Hello. Default 5,000.</summary>
    [Range(10, 600_000)]
    public int HelloTimeoutMilliseconds { get; set; } = 5_000;

    /// <summary>After sending nothing for so long, a connection sends a Ping. Default 500.</summary>
    [Range(10, 60_000)]
    public int IdleMilliseconds { get; set; } = 500;

    /// <summary>
    /// After hearing nothing for so long, a connection is closed; at least twice <see cref="IdleMilliseconds"/>. Default 2,000.
    /// </summary>
    [Range(20, 600_000)]
    public int SilenceMilliseconds { get; set; } = 2_000;

    /// <summary>Time that disposing a connection leaves to what is still queued. Default 1,000.</summary>
    [Range(1, 60_000)]
    public int CloseTimeoutMilliseconds { get; set; } = 1_000;

    /// <summary>Encoded frames that wait to be sent, per connection; one larger frame may wait alone. Default 16 MiB.</summary>
    [Range(1 << 10, 1 << 30)]
    public int SendQueueBytes { get; set; } = 16 << 20;

    /// <summary>Received frames that wait for their handler, per connection; one larger frame may wait alone. Default 16 MiB.</summary>
    [Range(1 << 10, 1 << 30)]
    public int ReceiveQueueBytes { get; set; } = 16 << 20;

    /// <summary>
    /// Largest frame between stages; a pipeline whose largest batch takes more is not linked. Default 65 MiB, which has room for 2,048 rows of
    /// 8,192 elements in F32, or 4,096 in F16.
    /// </summary>
    [Range(1 << 10, 1 << 30)]
    public int MaximumRingFrameBytes { get; set; } = 65 << 20;

    /// <summary>Largest frame from the last stage to the head. Default 2 MiB.</summary>
    [Range(1 << 10, 1 << 30)]
    public int MaximumTokensFrameBytes { get; set; } = 2 << 20;

    /// <summary>Largest frame between gateway and head, and so the longest prompt. Default 8 MiB.</summary>
    [Range(1 << 10, 1 << 30)]
    public int MaximumGenerationFrameBytes { get; set; } = 8 << 20;

    /// <summary>Rows of one batch; a pipeline whose batches may have more is not linked. Default 4,096.</summary>
    [Range(1, 65_536)]
    public int MaximumBatchRows { get; set; } = 4_096;

    /// <summary>Messages of one chat. Default 1,024.</summary>
    [Range(1, 65_536)]
    public int MaximumMessages { get; set; } = 1_024;

    /// <summary>UTF-8 length of one stop text. Default 1,024.</summary>
    [Range(1, 65_536)]
    public int MaximumStopBytes { get; set; } = 1_024;

    /// <summary>Logit biases of one request. Default 1,024.</summary>
    [Range(0, 65_536)]
    public int MaximumLogitBiases { get; set; } = 1_024;

    /// <summary>A slot's exported KV. Default 16 GiB.</summary>
    [Range(1L, 1L << 40)]
    public long MaximumStateBytes { get; set; } = 16L << 30;

    /// <summary>Buffers for hidden rows that are kept for the next batch. Default 64 MiB.</summary>
    [Range(0L, 1L << 40)]
    public long PooledBytes { get; set; } = 64L << 20;

    /// <summary>
    /// How hidden rows travel on connections that this process makes: Auto, F32, F16 or Q8. Default Auto: F32 (exact) on this machine, F16
    /// to others.
    /// </summary>
    public string ElementType { get; set; } = Auto;

    /// <summary>Delay added to everything this process sends, to measure what distance costs. Default 0: none.</summary>
    [Range(0, 1_000)]
    public int LinkDelayMilliseconds { get; set; }

    /// <summary>Null for Auto.</summary>
    internal Elements.ElementType? ConfiguredElementType =>
        Enum.GetValues<Elements.ElementType>().Cast<Elements.ElementType?>().FirstOrDefault(type => Is(type.ToString()!));

    private bool Is(string elementType) => elementType.Equals(ElementType, StringComparison.OrdinalIgnoreCase);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SilenceMilliseconds < 2 * IdleMilliseconds)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(SilenceMilliseconds)} is {SilenceMilliseconds}, but must be at least twice "
                + $"{nameof(IdleMilliseconds)}, {IdleMilliseconds}.",
                [nameof(SilenceMilliseconds)]);
        }

        if (!IPEndPoint.TryParse(Listen, out var endpoint) || !Listen.EndsWith($":{endpoint.Port}", StringComparison.Ordinal))
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(Listen)} is '{Listen}', but must be an IP address and a port, such as 127.0.0.1:0.", [nameof(Listen)]);
        }

        if (!Is(Auto) && ConfiguredElementType is null)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(ElementType)} is '{ElementType}', but must be {Auto}, "
                + $"{string.Join(", ", Enum.GetNames<Elements.ElementType>())}.",
                [nameof(ElementType)]);
        }

        if (Advertise is not null && !Endpoint.TryParse(Advertise, out _))
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(Advertise)} is '{Advertise}', but must be a host and a port, such as pi5.lan:5100.", [nameof(Advertise)]);
        }
    }

    internal TimeSpan ConnectTimeout => TimeSpan.FromMilliseconds(ConnectTimeoutMilliseconds);

    internal TimeSpan HelloTimeout => TimeSpan.FromMilliseconds(HelloTimeoutMilliseconds);

    internal TimeSpan Idle => TimeSpan.FromMilliseconds(IdleMilliseconds);

    internal TimeSpan Silence => TimeSpan.FromMilliseconds(SilenceMilliseconds);

    internal TimeSpan CloseTimeout => TimeSpan.FromMilliseconds(CloseTimeoutMilliseconds);

    internal TimeSpan LinkDelay => TimeSpan.FromMilliseconds(LinkDelayMilliseconds);
}
