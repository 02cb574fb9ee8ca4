using System.Text;
using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Statements;

/// <param name="condition">Which items are passed over.</param>
/// <param name="otherwise">What is done where there are no items.</param>
internal sealed class For(
    Target target, Expression source, Expression? condition, Block body, Block? otherwise, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, StringBuilder output)
    {
        var items = Value.Items(source.Evaluate(scope));
        if (condition is not null)
            items = [.. items.Where(item => Fits(scope, item))];
        if (items.Count == 0)
            return otherwise?.Execute(scope.Within(), output) ?? Flow.Next;
        var loop = new Loop(items);
        for (var index = 0; index < items.Count; index++)
        {
            scope.Rendering.Spend();
            loop.MoveTo(index);
            var inner = scope.Within();
            target.Set(inner, items[index]);
            inner["loop"] = loop.State;
            if (body.Execute(inner, output) == Flow.Break)
                break;
        }
        return Flow.Next;
    }

    private bool Fits(Scope scope, object? item)
    {
        scope.Rendering.Spend();
        var inner = scope.Within();
        target.Set(inner, item);
        return Value.IsTrue(condition!.Evaluate(inner));
    }
}

/// <summary>The members of <c>loop</c>.</summary>
internal sealed class Loop
{
    private readonly IReadOnlyList<object?> _items;
    private int _index;

    public Loop(IReadOnlyList<object?> items)
    {
        _items = items;
        State.Members["length"] = (long)items.Count;
        State.Members["cycle"] = new Function("cycle", (_, arguments) => arguments.Positional.Count > 0
            ? arguments.Positional[_index % arguments.Positional.Count] : throw new TemplateException("cycle() needs values"));
    }

    public MemberBag State { get; } = new();

    public void MoveTo(int index)
    {
        _index = index;
        var members = State.Members;
        members["index0"] = (long)index;
        members["index"] = index + 1L;
        members["revindex0"] = _items.Count - 1L - index;
        members["revindex"] = (long)_items.Count - index;
        members["first"] = index == 0;
        members["last"] = index == _items.Count - 1;
        members["previtem"] = index > 0 ? _items[index - 1] : new Undefined("loop.previtem");
        members["nextitem"] = index + 1 < _items.Count ? _items[index + 1] : new Undefined("loop.nextitem");
    }
}
