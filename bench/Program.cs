using System.CommandLine;
using System.Runtime.Versioning;
using OrleansInference.Bench;
using OrleansInference.Bench.Rows;

[assembly: UnsupportedOSPlatform("windows")]

var shape = new Option<string>("--shape") { Description = "Shape of the model", DefaultValueFactory = _ => "tinyllama-1.1b" };
var type = new Option<string>("--type") { Description = "Type of its weights", DefaultValueFactory = _ => "Q4_0" };
var rounds = new Option<int>("--rounds") { Description = "Rounds; each measures every way once", DefaultValueFactory = _ => 7 };
var tokens = new Option<int>("--tokens") { Description = "Tokens decoded per measurement", DefaultValueFactory = _ => 64 };
var command = new RootCommand("Decoding over HTTP, whole and sliced, against a bare llama.cpp context.") { shape, type, rounds, tokens };
command.SetAction((arguments, cancellation) => DecodeBench.RunAsync(
    new BenchOptions(arguments.GetRequiredValue(shape), arguments.GetRequiredValue(type), arguments.GetValue(rounds), arguments.GetValue(tokens)),
    cancellation));
var calls = new Command("calls", "Calls from grain to grain on the embedded engine, within a process and across.");
calls.SetAction((_, cancellation) => CallBench.RunAsync(cancellation));
command.Subcommands.Add(calls);
var rows = new Command("rows", "What hidden rows cost and lose on their way, as F32, F16 and Q8.");
rows.SetAction((_, cancellation) => RowsBench.RunAsync(cancellation));
command.Subcommands.Add(rows);
return await command.Parse(args).InvokeAsync();
