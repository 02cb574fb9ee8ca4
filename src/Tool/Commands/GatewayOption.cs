using System.CommandLine;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary>Which gateway a command talks to.</summary>
internal static class GatewayOption
{
    public static Option<string> Create() => new("--url") { Description = "The gateway", DefaultValueFactory = _ => "http://127.0.0.1:8080" };

    /// <exception cref="UserErrorException">It is not the address of a gateway.</exception>
    public static Uri Read(ParseResult arguments, Option<string> option)
    {
        var url = arguments.GetRequiredValue(option);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var gateway) || gateway.Scheme is not ("http" or "https")
            || gateway.PathAndQuery != "/")
            throw new UserErrorException($"--url is '{url}', but must be the gateway's address, such as http://127.0.0.1:8080.");
        return gateway;
    }

    public static UserErrorException NoAnswer(Uri gateway, HttpRequestException reason) =>
        new($"No cluster answers at {gateway}: {reason.Message}. Start one with ./start, or name another with --url.");
}
