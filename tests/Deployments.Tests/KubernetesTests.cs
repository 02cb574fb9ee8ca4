namespace OrleansInference.Deployments.Tests;

public sealed class KubernetesTests
{
    private static readonly string[] OfBase = ["--given", "ConfigMap/cluster", "--given", "ServiceAccount/orleans-inference"];

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/mixed")]
    public void Kustomization_OnItsOwn_HoldsValidObjectsThatFindEachOther(string folder) => Check(Build(folder), []).ShouldBe(("", 0));

    [Theory]
    [InlineData("overlays/gpu-cloud")]
    [InlineData("overlays/jetson")]
    [InlineData("overlays/pi")]
    public void Overlay_BesideTheBase_HoldsValidObjectsThatFindEachOther(string folder) => Check(Build(folder), OfBase).ShouldBe(("", 0));

    [Theory]
    [InlineData("replicas: 2", "replicas: two", "replicas must be integer")]
    [InlineData("kind: PodDisruptionBudget", "kind: PodDisruption", "there is no PodDisruption")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "can be written")]
    [InlineData("serviceName: redis", "serviceName: radish", "names Service/radish")]
    public void Check_WhenAnObjectIsWrong_NamesTheFault(string right, string wrong, string fault)
    {
        var (errors, code) = Check(Build("base").Replace(right, wrong, StringComparison.Ordinal), []);
        code.ShouldBe(1);
        errors.ShouldContain(fault);
    }

    private static string Build(string folder)
    {
        var (code, output, errors) = Command.Run("kubectl", ["kustomize", $"k8s/{folder}"]);
        code.ShouldBe(0, errors);
        return output;
    }

    private static (string Errors, int Code) Check(string objects, string[] given)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Command.Root, "tests/deployments/node_modules")), "npm ci in tests/deployments was not run.");
        var (code, _, errors) = Command.Run(
            "node", ["tests/deployments/check.mjs", "--given", "Secret/orleans-inference-tls", .. given], objects);
        return (errors, code);
    }
}
