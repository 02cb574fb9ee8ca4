namespace OrleansInference.Silo.Engines.LlamaCpp;

/// <summary>Section "Natives".</summary>
public sealed class NativeOptions
{
    public const string Section = "Natives";

    /// <summary>
    /// Folder of libllama and libggml, of exactly the pinned version. Default: native/node_modules/… of the repository that holds the
    /// program.
    /// </summary>
    public string? Folder { get; set; }
}
