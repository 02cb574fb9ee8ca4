namespace OrleansInference.Models.Templates.Expressions;

internal abstract class Expression
{
    /// <exception cref="TemplateException">The operation cannot be done with these values, or too much was done.</exception>
    public object? Evaluate(Scope scope)
    {
        scope.Rendering.Spend();
        return Compute(scope);
    }

    protected abstract object? Compute(Scope scope);
}
