namespace OrleansInference.Models.Templates;

/// <summary>A template is broken or not supported, or cannot be rendered with what it was given; the message says what is wrong.</summary>
/// <param name="line">The line of the template, from 1, where it is known.</param>
/// <param name="isRaised">Whether the template itself refuses what it was given; the message is the template's own then.</param>
public sealed class TemplateException(string message, int? line = null, bool isRaised = false) : Exception(message)
{
    public int? Line { get; } = line;

    public bool IsRaised { get; } = isRaised;

    /// <summary>The message and, of what the template did not say itself, the line.</summary>
    public string Description => Line is null || IsRaised ? Message : $"line {Line}: {Message}";
}
