using System.CommandLine;
using System.Globalization;
using System.Net;
using OrleansInference.Models.Store;
using OrleansInference.Tool.Clusters;
using OrleansInference.Tool.Devices;
using OrleansInference.Tool.Supervision;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary><c>oinf up</c>: a gateway and silos on this machine, each silo standing for a device, until Ctrl-C.</summary>
internal static class UpCommand
{
    public const int MaximumSilos = 64;

    // What a gateway takes: it would not start with more.
    private const int MaximumSlots = 256;
    private const int MaximumContext = 1_048_576;

    private static readonly string[] DefaultSilos = ["gpu-cloud", "jetson", "pi-hat"];

    private static readonly Option<string?> Model = new("--model")
    {
        Description = "Model to serve, name or name@version; not needed when the store has only one",
    };

    private static readonly Option<DirectoryInfo> Store = StoreOption.Create();

    private static readonly Option<DirectoryInfo> Data = new("--data")
    {
        Description = "Folder for logs and slices", DefaultValueFactory = _ => new DirectoryInfo(".oinf"),
    };

    private static readonly Option<string> Http = new("--http")
    {
        Description = "ADDRESS:PORT of the API; port 0 takes a free one", DefaultValueFactory = _ => "127.0.0.1:8080",
    };

    private static readonly Option<string[]> Silos = new("--silo")
    {
        Description = "A silo: PROFILE[:name=…,memory=…,threads=…,bandwidth=…,zone=…,accelerator=…], once for each; profiles: "
            + string.Join(", ", DeviceClass.All.Select(c => $"{c.Name} ({c.Description}, {ByteSize.Format(c.MemoryBytes)})")),
        DefaultValueFactory = _ => DefaultSilos,
    };

    private static readonly Option<string?> Slots = new("--slots") { Description = "Conversations served at once" };
    private static readonly Option<string?> Context = new("--context") { Description = "Tokens that a conversation may take" };
    private static readonly Option<string?> Redis = new("--redis")
    {
        Description = "HOST:PORT of Redis, for programs built with ActorEngine=Orleans; without it, the embedded engine",
    };

    private static readonly Option<bool> NoRestart = new("--no-restart") { Description = "Leave a process that died dead" };

    public static Command Create(Screen screen)
    {
        var command = new Command("up", "Start a gateway and silos on this machine, and stop them with Ctrl-C")
        {
            Model, Store, Data, Http, Silos, Slots, Context, Redis, NoRestart,
        };
        command.SetAction(async (arguments, stop) =>
        {
            var options = Read(arguments);
            var policy = arguments.GetValue(NoRestart) ? RestartPolicy.Never : RestartPolicy.Default;
            var isToldToStop = await new Cluster(options, policy, screen, TimeProvider.System).RunAsync(stop).ConfigureAwait(false);
            screen.Line(isToldToStop ? "Stopped." : "Stopped, because the cluster is of no use without the process that died.");
            return isToldToStop ? 0 : 1;
        });
        return command;
    }

    private static ClusterOptions Read(ParseResult arguments)
    {
        var silos = SiloSpecification.ParseAll(arguments.GetRequiredValue(Silos));
        if (silos.Count > MaximumSilos)
            throw new UserErrorException($"There are {silos.Count} silos; at most {MaximumSilos} can be started on one machine.");
        // Without a port, which is not the same as port 0, an address of version 6 has colons, too.
        if (!IPEndPoint.TryParse(arguments.GetRequiredValue(Http), out var http)
            || !arguments.GetRequiredValue(Http).EndsWith(string.Create(CultureInfo.InvariantCulture, $":{http.Port}"), StringComparison.Ordinal))
            throw new UserErrorException($"--http is '{arguments.GetValue(Http)}', but must be ADDRESS:PORT, such as 127.0.0.1:8080.");

        var (slots, context) = (Count(arguments, Slots, MaximumSlots), Count(arguments, Context, MaximumContext));
        var store = StoreOption.Read(arguments, Store);
        return new ClusterOptions(
            ModelChoice.Choose(store, arguments.GetValue(Model)), store.Root, arguments.GetRequiredValue(Data).FullName, http, silos,
            slots, context, arguments.GetValue(Redis));
    }

    private static int? Count(ParseResult arguments, Option<string?> option, int maximum)
    {
        if (arguments.GetValue(option) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= maximum
            ? count
            : throw new UserErrorException(
                string.Create(CultureInfo.InvariantCulture, $"{option.Name} is '{text}', but must be a whole number from 1 to {maximum}."));
    }
}
