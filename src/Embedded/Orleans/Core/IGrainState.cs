namespace Orleans;

/// <summary>A grain's stored state with the tag of its version.</summary>
public interface IGrainState<T>
{
    T? State { get; set; }

    string? ETag { get; set; }

    bool RecordExists { get; set; }
}
