using System.Text;
using OrleansInference.Models.Templates.Expressions;

namespace OrleansInference.Models.Templates.Statements;

internal sealed class Set(Target target, Expression value, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        target.Set(scope, value.Evaluate(scope));
        return Flow.Next;
    }
}

/// <summary><c>{% set name %}…{% endset %}</c>, perhaps through a filter.</summary>
internal sealed class SetBlock(Target target, Filter? filter, Block body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        object? text = body.Capture(scope.Within());
        target.Set(scope, filter is null ? text : filter.Apply(scope, text));
        return Flow.Next;
    }
}
