using System.Text;
using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Statements;

internal sealed class TextOutput(string text, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.Rendering.Write(output, text);
        return Flow.Next;
    }
}

internal sealed class ValueOutput(Expression expression, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.Rendering.Write(output, PythonText.Of(expression.Evaluate(scope)));
        return Flow.Next;
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed class FilterBlock(Filter filter, Block body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.Rendering.Write(output, PythonText.Of(filter.Apply(scope, body.Capture(scope.Within()))));
        return Flow.Next;
    }
}
