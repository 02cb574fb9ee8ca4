using System.Runtime.CompilerServices;
using System.Text;

namespace OrleansInference.Models.Templates.Expressions;

/// <summary>One rendering of a template, and what it may cost: a template comes with a model, from anywhere.</summary>
/// <param name="now">For <c>strftime_now</c>.</param>
internal sealed class Rendering(DateTimeOffset now)
{
    /// <summary>Of any string, and of the result.</summary>
    public const int MostCharacters = 16 * 1024 * 1024;

    /// <summary>Seconds on a slow device. A chat of a hundred messages takes some thousand.</summary>
    private const long MostSteps = 5_000_000;

    private const int CharactersPerStep = 64;

    private long _steps;

    public DateTimeOffset Now => now;

    /// <param name="characters">That are copied.</param>
    /// <exception cref="TemplateException">The template does too much, or calls itself too often.</exception>
    public void Spend(long characters = 0)
    {
        RequireLength(characters);
        _steps += 1 + (characters / CharactersPerStep);
        if (_steps > MostSteps)
            throw new TemplateException("the template takes too many steps");
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException("the template is nested too deeply");
    }

    /// <exception cref="TemplateException">The output becomes too long.</exception>
    public void Write(StringBuilder output, string text)
    {
        Spend(text.Length);
        RequireLength((long)output.Length + text.Length);
        output.Append(text);
    }

    private static void RequireLength(long characters)
    {
        if (characters > MostCharacters)
            throw new TemplateException($"a text has more than {MostCharacters} characters");
    }
}
