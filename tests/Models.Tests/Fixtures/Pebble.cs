namespace OrleansInference.Models.Tests.Fixtures;

/// <summary>The demo model of the repository.</summary>
public static class Pebble
{
    public const int LayerCount = 8;

    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = System.IO.Path.Combine(folder.FullName, "models", "pebble", "pebble-q8_0.gguf");
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException("models/pebble/pebble-q8_0.gguf is in no folder above the tests.");
    }
}
