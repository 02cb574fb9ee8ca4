namespace OrleansInference.ActorEngine.Tests.Embedded;

/// <summary>A private folder with a short path, gone with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    // As the framework makes temporary folders: open to nobody else.
    public string Path { get; } = Directory.CreateTempSubdirectory("oinf-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
