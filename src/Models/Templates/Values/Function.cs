using OrleansInference.Models.Templates.Expressions;

namespace OrleansInference.Models.Templates.Values;

/// <summary>Something that a template may call: a macro, a method, or one of the functions that every template has.</summary>
/// <param name="name">For errors.</param>
internal sealed class Function(string name, Func<Scope, Arguments, object?> call)
{
    public string Name => name;

    public object? Call(Scope scope, Arguments arguments) => call(scope, arguments);
}

/// <summary>What a function, a filter or a test is called with.</summary>
internal sealed class Arguments
{
    public static Arguments None { get; } = new([], new Dictionary<string, object?>());

    public Arguments(IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named) => (Positional, Named) = (positional, named);

    public IReadOnlyList<object?> Positional { get; }

    public IReadOnlyDictionary<string, object?> Named { get; }

    /// <summary>An argument that is given by its place or by its name.</summary>
    public object? Get(int place, string name, object? otherwise) =>
        place < Positional.Count ? Positional[place] : Named.GetValueOrDefault(name, otherwise);

    /// <exception cref="TemplateException">It is not given.</exception>
    public object? Require(int place, string name) =>
        Has(place, name) ? Get(place, name, null) : throw new TemplateException($"the argument '{name}' is missing");

    public bool Has(int place, string name) => place < Positional.Count || Named.ContainsKey(name);

    public string RequireText(int place, string name) => Value.Text(Require(place, name), $"the argument '{name}'");

    /// <summary>Those behind the first so many.</summary>
    public Arguments Skip(int count) => new([.. Positional.Skip(count)], Named);
}
