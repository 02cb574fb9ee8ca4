using OrleansInference.Tool.Terminal;

namespace OrleansInference.Bench.Serving;

/// <summary>llama.cpp's own programs, to measure beside, as far as environment variables name them. Null where one is not set.</summary>
internal sealed record LlamaPrograms(string? Server, string? Bench, string? RpcServer)
{
    public const string ServerVariable = "LLAMA_SERVER";
    public const string BenchVariable = "LLAMA_BENCH";
    public const string RpcServerVariable = "LLAMA_RPC_SERVER";

    /// <exception cref="UserErrorException">A variable names a file that does not exist.</exception>
    public static LlamaPrograms FromEnvironment() => new(Find(ServerVariable), Find(BenchVariable), Find(RpcServerVariable));

    /// <summary>A sentence that says which variables are not set, for the end of a text; empty when all are.</summary>
    public string LeftOut
    {
        get
        {
            string[] unset =
            [
                .. new[] { (Server, ServerVariable), (Bench, BenchVariable), (RpcServer, RpcServerVariable) }
                    .Where(program => program.Item1 is null).Select(program => program.Item2),
            ];
            return unset.Length == 0 ? "" : $" {string.Join(", ", unset)} not set: rows of llama.cpp's own programs are left out.";
        }
    }

    private static string? Find(string variable) => Environment.GetEnvironmentVariable(variable) switch
    {
        null or "" => null,
        var path when File.Exists(path) => Path.GetFullPath(path),
        var path => throw new UserErrorException(
            $"{variable} is '{path}', but there is no such file. Name the program, or unset the variable."),
    };
}
