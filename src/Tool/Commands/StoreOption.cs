using System.CommandLine;

namespace OrleansInference.Tool.Commands;

internal static class StoreOption
{
    public static Option<DirectoryInfo> Create() => new("--store")
    {
        Description = "Folder of the imported models",
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".oinf", "models")),
    };
}
