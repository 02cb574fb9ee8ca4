using System.Text;
using OrleansInference.Models.Templates.Expressions;
using OrleansInference.Models.Templates.Library;
using OrleansInference.Models.Templates.Statements;
using OrleansInference.Models.Templates.Syntax;

namespace OrleansInference.Models.Templates;

/// <summary>A template in the part of Jinja that chat templates are written in. Thread-safe.</summary>
internal sealed class Template
{
    private readonly Block _block;

    private Template(Block block) => _block = block;

    /// <exception cref="TemplateException">The template is broken or has statements that are not supported; with the line.</exception>
    public static Template Parse(string source) => new(StatementParser.Parse(source));

    /// <param name="variables">By name; see <see cref="Values.Value"/> for what they may be.</param>
    /// <param name="now">For <c>strftime_now</c>.</param>
    /// <exception cref="TemplateException">The template refuses the variables, cannot treat them, or does too much.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> variables, DateTimeOffset now)
    {
        var global = Globals.Create();
        foreach (var (name, value) in variables)
            global[name] = value;
        var output = new StringBuilder();
        _ = _block.Execute(new Scope(new Rendering(now), global), output);
        return output.ToString();
    }
}
