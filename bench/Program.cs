using System.CommandLine;
using System.Runtime.Versioning;
using OrleansInference.Bench;
using OrleansInference.Bench.Calls;
using OrleansInference.Bench.Paced;
using OrleansInference.Bench.Rows;
using OrleansInference.Tool.Terminal;

[assembly: UnsupportedOSPlatform("windows")]

// Not a command for people: clusters of the bench start their silos so.
if (args is [BenchSiloProgram.Argument])
{
    await BenchSiloProgram.RunAsync();
    return 0;
}

var shape = new Option<string>("--shape") { Description = "Shape of the model", DefaultValueFactory = _ => "tinyllama-1.1b" };
var type = new Option<string>("--type") { Description = "Type of its weights", DefaultValueFactory = _ => "Q4_0" };
var rounds = new Option<int?>("--rounds") { Description = "Rounds; each measures every way once" };
var tokens = new Option<int?>("--tokens") { Description = "Tokens that a stream decodes per measurement" };
foreach (var bounded in new[] { rounds, tokens })
{
    bounded.Validators.Add(result =>
    {
        if (result.GetValue(bounded) is not (null or (>= 1 and <= 1_000)))
            result.AddError($"{bounded.Name} must be 1 to 1000.");
    });
}

Option[] options = [shape, type, rounds, tokens];
foreach (var option in options)
    option.Recursive = true;
var command = new RootCommand("Measures what docs/benchmarks.md shows: everything, or one part.") { shape, type, rounds, tokens };
command.SetAction((arguments, cancellation) => RunOf(arguments).MeasureAllAsync(cancellation));
foreach (var part in BenchRun.AllParts)
{
    var one = new Command(part.Name, part.Description);
    one.SetAction((arguments, cancellation) => RunOf(arguments).MeasureAsync([part], cancellation));
    command.Subcommands.Add(one);
}

var calls = new Command("calls", "Calls from grain to grain on the embedded engine, within a process and across.");
calls.SetAction((_, cancellation) => CallBench.RunAsync(cancellation));
command.Subcommands.Add(calls);

var kv = new Command("kv", "A step's CPU time with one KV cache for all sequences, against one for each.");
kv.SetAction((arguments, cancellation) => RunOf(arguments).MeasureKvAsync(cancellation));
command.Subcommands.Add(kv);

var rows = new Command("rows", "What hidden rows cost and lose on their way, as F32, F16 and Q8.");
rows.SetAction((_, cancellation) => RowsBench.RunAsync(cancellation));
command.Subcommands.Add(rows);

try
{
    return await command.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (UserErrorException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 1;
}

BenchRun RunOf(ParseResult arguments) =>
    new(arguments.GetRequiredValue(shape), arguments.GetRequiredValue(type), arguments.GetValue(rounds), arguments.GetValue(tokens));
