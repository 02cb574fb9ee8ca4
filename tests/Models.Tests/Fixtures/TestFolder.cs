namespace OrleansInference.Models.Tests.Fixtures;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
public sealed class TestFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("oinf-models-").FullName;

    public string At(string name) => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
