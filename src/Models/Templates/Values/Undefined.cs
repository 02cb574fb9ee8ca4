namespace OrleansInference.Models.Templates.Values;

/// <summary>What a name or a member that there is not stands for: empty as text, false as a condition, and an error in anything more.</summary>
/// <param name="name">Of what is missing, for errors.</param>
internal sealed class Undefined(string name)
{
    public string Name => name;

    public TemplateException Error() => new($"'{name}' is undefined");
}
