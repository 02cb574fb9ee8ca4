using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansInference.Tool.Terminal;

/// <summary>A line that the terminal may wrap but that stays one line when it is copied: a command to paste.</summary>
internal sealed class UnwrappedLine(string text) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(0, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => [new Segment(text), Segment.LineBreak];
}
