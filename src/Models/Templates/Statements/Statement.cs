using System.Text;
using OrleansInference.Models.Templates.Expressions;

namespace OrleansInference.Models.Templates.Statements;

/// <param name="line">Where it stands, from 1.</param>
internal abstract class Statement(int line)
{
    public int Line => line;

    /// <returns>Whether the loop around it goes on.</returns>
    public abstract Flow Execute(Scope scope, StringBuilder output);
}

internal enum Flow
{
    Next,
    Continue,
    Break,
}

/// <summary>Statements one after the other.</summary>
internal sealed class Block(IReadOnlyList<Statement> statements)
{
    /// <exception cref="TemplateException">One of them fails; with its line.</exception>
    public Flow Execute(Scope scope, StringBuilder output)
    {
        foreach (var statement in statements)
        {
            try
            {
                scope.Rendering.Spend();
                var flow = statement.Execute(scope, output);
                if (flow != Flow.Next)
                    return flow;
            }
            catch (TemplateException exception) when (exception.Line is null)
            {
                throw new TemplateException(exception.Message, statement.Line, exception.IsRaised);
            }
        }
        return Flow.Next;
    }

    /// <summary>What they write.</summary>
    public string Capture(Scope scope)
    {
        var output = new StringBuilder();
        _ = Execute(scope, output);
        return output.ToString();
    }
}
