using System.CommandLine;
using OrleansInference.Models.Store;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

internal static class StoreOption
{
    public static Option<DirectoryInfo> Create() => new("--store")
    {
        Description = "Folder of the imported models",
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".oinf", "models")),
    };

    /// <exception cref="UserErrorException">It is a file.</exception>
    public static ModelStore Read(ParseResult arguments, Option<DirectoryInfo> option)
    {
        var folder = arguments.GetRequiredValue(option).FullName;
        return File.Exists(folder)
            ? throw new UserErrorException($"{option.Name} is '{folder}', which is a file, but must be a folder, such as ./models.")
            : new ModelStore(folder);
    }
}
