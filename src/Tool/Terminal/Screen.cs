using Spectre.Console;

namespace OrleansInference.Tool.Terminal;

/// <summary>Where the tool writes: tables and progress bars on a terminal, plain lines everywhere else.</summary>
internal sealed class Screen
{
    private const int RedirectedWidth = 160;
    private readonly TextWriter _output;
    private readonly TextWriter _errors;

    public Screen(TextWriter output, TextWriter errors, bool isLive)
    {
        _output = output;
        _errors = errors;
        IsLive = isLive;
        Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (!isLive)
            Console.Profile.Width = RedirectedWidth;
    }

    /// <summary>Whether somebody looks on, so that text may be overwritten.</summary>
    public bool IsLive { get; }

    public IAnsiConsole Console { get; }

    public static Screen OfProcess()
    {
        var isContinuousIntegration = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));
        return new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected && !isContinuousIntegration);
    }

    public void Line(string text) => _output.WriteLine(text);

    public void Error(string text) => _errors.WriteLine(text);
}
