namespace OrleansInference.Models;

/// <summary>
/// A model file, manifest or blob is broken or not supported. The message says what is wrong, where, and what would be right.
/// </summary>
public sealed class ModelFormatException : Exception
{
    public ModelFormatException(string message, string? file = null, long? offset = null, string? subject = null, Exception? inner = null)
        : base(Describe(message, file, offset, subject), inner)
    {
        File = file;
        Offset = offset;
        Subject = subject;
    }

    /// <summary>The file at fault, where one is.</summary>
    public string? File { get; }

    /// <summary>Byte offset in <see cref="File"/>, where one is known.</summary>
    public long? Offset { get; }

    /// <summary>The metadata key, tensor or field at fault, where one is known.</summary>
    public string? Subject { get; }

    private static string Describe(string message, string? file, long? offset, string? subject)
    {
        var place = (file, offset) switch
        {
            (null, _) => "",
            (_, null) => $"{file}: ",
            _ => $"{file}, byte {offset}: ",
        };
        return subject is null ? place + message : $"{place}'{subject}': {message}";
    }
}
