namespace OrleansInference.Tool.Terminal;

/// <summary>Something that the user can put right. The message is all that is shown: what was wrong, and what would be right.</summary>
internal sealed class UserErrorException(string message) : Exception(message)
{
    /// <summary>An option that a library refused, without the name of the library's parameter.</summary>
    public static UserErrorException From(ArgumentException refusal) => new(refusal.Message.Split(" (Parameter '")[0]);
}
