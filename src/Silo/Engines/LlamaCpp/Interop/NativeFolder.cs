using System.Runtime.InteropServices;

namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>Where the native libraries lie: a configured folder, or native/ of the repository that the process runs from.</summary>
internal static class NativeFolder
{
    private const string Remedy =
        "Run `npm ci --ignore-scripts` in the repository's native/ folder, or set Natives:Folder to a folder that holds libllama.";

    /// <exception cref="NativeRuntimeException">There is no such folder, or no libllama in it.</exception>
    public static string Resolve(string? configured, string startFolder)
    {
        if (!string.IsNullOrWhiteSpace(configured))
        {
            var folder = Path.GetFullPath(configured);
            RequireLibrary(folder, "libllama");
            return folder;
        }
        return Find(startFolder) ?? throw new NativeRuntimeException(
            $"No native/node_modules/{PackagePath()} in {startFolder} or above it. {Remedy}");
    }

    /// <summary>Walks up to the first folder that holds the package of this machine's kind; null when there is none.</summary>
    public static string? Find(string startFolder)
    {
        for (var folder = new DirectoryInfo(startFolder); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "native", "node_modules", PackagePath());
            if (Directory.Exists(candidate) && TryFindLibrary(candidate, "libllama") is not null)
                return candidate;
        }
        return null;
    }

    /// <summary>
    /// A library's file: the pinned version's name, the plain name, or any that begins with it (GPU builds have longer names).
    /// </summary>
    public static string RequireLibrary(string folder, string name)
    {
        if (!Directory.Exists(folder))
            throw new NativeRuntimeException($"The folder of native libraries {folder} does not exist. {Remedy}");
        return TryFindLibrary(folder, name)
            ?? throw new NativeRuntimeException($"{name}.so is not in the folder of native libraries {folder}. {Remedy}");
    }

    private static string? TryFindLibrary(string folder, string name)
    {
        string[] preferred = [$"{name}.{NativeVersion.Pinned}.so", $"{name}.so"];
        return preferred.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? Directory.EnumerateFiles(folder, $"{name}.*so*").Order(StringComparer.Ordinal).FirstOrDefault();
    }

    private static string PackagePath()
    {
        var platform = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "linux-x64",
            Architecture.Arm64 => "linux-arm64",
            var other => throw new NativeRuntimeException(
                $"There are no native libraries for {other}; set Natives:Folder to a build of llama.cpp {NativeVersion.Pinned}."),
        };
        return Path.Combine("@node-llama-cpp", platform, "bins", platform);
    }
}
