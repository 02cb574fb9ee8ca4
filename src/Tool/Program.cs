using System.Runtime.Versioning;
using OrleansInference.Tool.Commands;
using OrleansInference.Tool.Terminal;

[assembly: UnsupportedOSPlatform("windows")]

return await OinfCommand.RunAsync(args, Screen.OfProcess()).ConfigureAwait(false);
