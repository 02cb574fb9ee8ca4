using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>The native libraries, or a visible skip where they are not installed.</summary>
internal static class Natives
{
    public static string Folder
    {
        get
        {
            var folder = NativeFolder.Find(AppContext.BaseDirectory);
            Assert.SkipWhen(folder is null, "native libraries are not installed: run `npm ci --ignore-scripts` in native/");
            return folder!;
        }
    }

    public static void Load() => NativeRuntime.Load(Folder);
}
