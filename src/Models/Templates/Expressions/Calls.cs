using OrleansInference.Models.Templates.Library;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Expressions;

/// <summary>Arguments as they are written.</summary>
/// <param name="List">What <c>*list</c> adds.</param>
/// <param name="Mapping">What <c>**mapping</c> adds.</param>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? List, Expression? Mapping)
{
    public static ArgumentList None { get; } = new([], [], null, null);

    public Arguments Evaluate(Scope scope)
    {
        if (this == None)
            return Arguments.None;
        List<object?> positional = [.. Positional.Select(argument => argument.Evaluate(scope))];
        if (List is not null)
            positional.AddRange(Value.Items(List.Evaluate(scope)));
        var named = Named.ToDictionary(argument => argument.Name, argument => argument.Value.Evaluate(scope), StringComparer.Ordinal);
        if (Mapping?.Evaluate(scope) is Mapping more)
        {
            foreach (var (name, value) in more)
                named[PythonText.Of(name)] = value;
        }
        return new Arguments(positional, named);
    }
}

internal sealed class Call(Expression target, ArgumentList arguments) : Expression
{
    protected override object? Compute(Scope scope) => Evaluate(scope, null);

    /// <param name="caller">What a call block gives to the macro.</param>
    public object? Evaluate(Scope scope, Function? caller)
    {
        var value = target.Evaluate(scope);
        if (value is not Function function)
            throw (value as Undefined)?.Error() ?? new TemplateException($"{Value.Kind(value)} cannot be called");
        var given = arguments.Evaluate(scope);
        return function.Call(scope, caller is null ? given : new Arguments(
            given.Positional, new Dictionary<string, object?>(given.Named, StringComparer.Ordinal) { ["caller"] = caller }));
    }
}

/// <summary>A filter with its arguments, behind a bar or over a block.</summary>
internal sealed record Filter(string Name, ArgumentList Arguments)
{
    public object? Apply(Scope scope, object? value) => Filters.Apply(scope, Name, value, Arguments.Evaluate(scope));
}

/// <summary><c>value | name(arguments)</c>.</summary>
internal sealed class Filtered(Expression target, Filter filter) : Expression
{
    protected override object? Compute(Scope scope) => filter.Apply(scope, target.Evaluate(scope));
}

/// <summary><c>value is name(arguments)</c>.</summary>
internal sealed class Test(Expression target, string name, ArgumentList arguments) : Expression
{
    protected override object? Compute(Scope scope) => Tests.Holds(name, target.Evaluate(scope), arguments.Evaluate(scope));
}
