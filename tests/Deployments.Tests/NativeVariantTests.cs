namespace OrleansInference.Deployments.Tests;

/// <summary>What the image's VARIANT changes in the build of the silo, which only an image with the packages can carry out.</summary>
public sealed class NativeVariantTests
{
    private const string Package = "Microsoft.ML.OnnxRuntime.Gpu";

    [Theory]
    [InlineData("cpu", false)]
    [InlineData("vulkan", false)]
    [InlineData("cuda", true)]
    public void Variant_OfTheSilo_BringsOnnxRuntimesGpuNativesOnlyWithCuda(string variant, bool isThere)
    {
        var references = Read(variant, "PackageReference");
        references.Contains($"\"{Package}\"", StringComparison.Ordinal).ShouldBe(isThere, references);
        Read(variant, "PackageVersion").ShouldContain($"\"{Package}\"");
    }

    [Theory]
    [InlineData("vulkan")]
    [InlineData("cuda")]
    public void Variant_OfTheImage_HasItsNativesPinnedByALock(string variant)
    {
        var folder = Path.Combine(Command.Root, "native", variant);
        var locked = File.ReadAllText(Path.Combine(folder, "package-lock.json"));
        locked.ShouldContain($"@node-llama-cpp/linux-x64-{variant}");
        locked.ShouldContain("\"integrity\": \"sha512-");
    }

    private static string Read(string variant, string item)
    {
        var (code, output, errors) = Command.Run(
            "dotnet", ["msbuild", "src/Silo/Silo.csproj", $"-getItem:{item}", "-p:ActorEngine=Orleans", $"-p:NativeVariant={variant}"]);
        code.ShouldBe(0, output + errors);
        return output;
    }
}
