using System.CommandLine;
using System.Runtime.Versioning;
using OrleansInference.Bench;

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
var kv = new Command("kv", "A step's CPU time with one KV cache for all sequences, against one for each.") { shape, type, rounds };
kv.SetAction((arguments, cancellation) => KvBench.RunAsync(
    new BenchOptions(arguments.GetRequiredValue(shape), arguments.GetRequiredValue(type), arguments.GetValue(rounds), Tokens: 0),
    cancellation));
command.Subcommands.Add(kv);
return await command.Parse(args).InvokeAsync();
