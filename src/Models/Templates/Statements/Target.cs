using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Statements;

/// <summary>What a value is given to: a variable, a member of a namespace, or several variables for its items.</summary>
internal abstract class Target
{
    public abstract void Set(Scope scope, object? value);
}

internal sealed class VariableTarget(string name) : Target
{
    public override void Set(Scope scope, object? value) => scope[name] = value;
}

internal sealed class MemberTarget(string variable, string member) : Target
{
    public override void Set(Scope scope, object? value)
    {
        if (scope[variable] is not MemberBag bag)
            throw new TemplateException($"'{variable}.{member}' cannot be set: '{variable}' is {Value.Kind(scope[variable])}, not a namespace");
        bag.Members[member] = value;
    }
}

internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Set(Scope scope, object? value)
    {
        var items = Value.Items(value);
        if (items.Count != targets.Count)
            throw new TemplateException($"{items.Count} values cannot be given to {targets.Count} variables");
        for (var index = 0; index < targets.Count; index++)
            targets[index].Set(scope, items[index]);
    }
}
