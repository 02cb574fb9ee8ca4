using System.Text;
using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Statements;

/// <summary>The first branch whose condition holds; a last one may have none.</summary>
internal sealed class If(IReadOnlyList<(Expression? Condition, Block Body)> branches, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        foreach (var (condition, body) in branches)
        {
            if (condition is null || Value.IsTrue(condition.Evaluate(scope)))
                return body.Execute(scope, output);
        }
        return Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class Jump(Flow flow, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output) => flow;
}

/// <summary><c>{% generation %}…{% endgeneration %}</c>: marks what an assistant wrote, for training, and changes nothing here.</summary>
internal sealed class GenerationBlock(Block body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output) => body.Execute(scope, output);
}
