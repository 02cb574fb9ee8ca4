using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Expressions;

/// <summary>The variables that statements see: their own, then those around them.</summary>
internal sealed class Scope
{
    private readonly Scope? _around;
    private readonly Dictionary<string, object?> _variables;

    public Scope(Rendering rendering, Dictionary<string, object?> variables) => (Rendering, _variables) = (rendering, variables);

    private Scope(Scope around)
    {
        (_around, Rendering) = (around, around.Rendering);
        _variables = new Dictionary<string, object?>(StringComparer.Ordinal);
    }

    public Rendering Rendering { get; }

    /// <summary>What is set within is forgotten behind it.</summary>
    public Scope Within() => new(this);

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope._around)
            {
                if (scope._variables.TryGetValue(name, out var value))
                    return value;
            }
            return new Undefined(name);
        }
        set => _variables[name] = value;
    }
}
