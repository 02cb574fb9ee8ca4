using System.Text;
using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Statements;

/// <summary>Parameters and body of a macro or of a call block.</summary>
internal sealed record MacroDefinition(string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, Block Body)
{
    /// <summary>A function that sees the variables of where it was defined.</summary>
    public Function Bind(Scope defined) => new(Name, (_, arguments) =>
    {
        defined.Rendering.Spend();
        var scope = defined.Within();
        for (var place = 0; place < Parameters.Count; place++)
        {
            var (name, standard) = Parameters[place];
            scope[name] = arguments.Has(place, name) ? arguments.Get(place, name, null)
                : standard is null ? new Undefined(name) : standard.Evaluate(scope);
        }
        scope["varargs"] = arguments.Positional.Skip(Parameters.Count).ToList();
        scope["kwargs"] = new Mapping(arguments.Named.Where(argument => IsOther(argument.Key))
            .Select(argument => KeyValuePair.Create((object)argument.Key, argument.Value)));
        if (arguments.Named.TryGetValue("caller", out var caller))
            scope["caller"] = caller;
        return Body.Capture(scope);
    });

    private bool IsOther(string argument) => argument != "caller" && Parameters.All(parameter => parameter.Name != argument);
}

internal sealed class Macro(MacroDefinition definition, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope[definition.Name] = definition.Bind(scope);
        return Flow.Next;
    }
}

/// <summary><c>{% call macro(…) %}…{% endcall %}</c>: the body becomes the macro's <c>caller()</c>.</summary>
internal sealed class CallBlock(Call call, MacroDefinition body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        scope.Rendering.Write(output, PythonText.Of(call.Evaluate(scope, body.Bind(scope))));
        return Flow.Next;
    }
}
