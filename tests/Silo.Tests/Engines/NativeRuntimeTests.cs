using System.Runtime.InteropServices;
using System.Text;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

public sealed class NativeRuntimeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oinf-natives-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Resolve_WhenTheFolderIsMissingOrEmpty_NamesItAndTheRemedy()
    {
        foreach (var folder in new[] { _folder, Path.Combine(_folder, "nowhere") })
        {
            var message = Should.Throw<NativeRuntimeException>(() => NativeFolder.Resolve(folder, "/")).Message;
            message.ShouldContain(folder);
            message.ShouldContain("npm ci --ignore-scripts");
        }
    }

    [Fact]
    public void Resolve_WhenNoFolderAboveHasNatives_NamesWhereItLookedAndTheRemedy()
    {
        var message = Should.Throw<NativeRuntimeException>(() => NativeFolder.Resolve(null, _folder)).Message;

        message.ShouldContain(_folder);
        message.ShouldContain("npm ci --ignore-scripts");
    }

    [Fact]
    public void Find_WhenAFolderAboveHasNatives_FindsThem()
    {
        var natives = Path.GetDirectoryName(Natives.Folder)!;
        var link = Path.Combine(_folder, "native", "node_modules", "@node-llama-cpp", Path.GetFileName(Natives.Folder));
        Directory.CreateDirectory(link);
        Directory.CreateSymbolicLink(Path.Combine(link, "bins"), natives);
        var start = Directory.CreateDirectory(Path.Combine(_folder, "bin", "Release")).FullName;

        NativeFolder.Find(start).ShouldBe(Path.Combine(link, "bins", Path.GetFileName(Natives.Folder)));
    }

    [Fact]
    public void Require_WhenTheLibraryIsOfAnotherVersion_NamesBoth()
    {
        var path = CopyWithVersion("0.4.9-dev");
        var library = NativeLibrary.Load(path);
        try
        {
            var message = Should.Throw<NativeRuntimeException>(() => NativeVersion.Require(library, path)).Message;
            message.ShouldContain("0.4.9-dev");
            message.ShouldContain("v0.5.0");
            message.ShouldContain(path);
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    [Theory]
    [InlineData("0.5.0", true)]
    [InlineData("v0.5.0", true)]
    [InlineData("0.5.0-dev", true)]
    [InlineData("0.5.1", false)]
    [InlineData("0.5", false)]
    [InlineData("", false)]
    public void IsPinned_WhenAVersionIsReported_AcceptsOnlyThePinnedRelease(string reported, bool expected) =>
        NativeVersion.IsPinned(reported).ShouldBe(expected);

    [Fact]
    public void Load_WhenAnotherFolderIsWantedLater_Refuses()
    {
        Natives.Load();
        NativeRuntime.Load(Natives.Folder);
        File.WriteAllText(Path.Combine(_folder, "libllama.so"), "no library");

        Should.Throw<NativeRuntimeException>(() => NativeRuntime.Load(_folder)).Message.ShouldContain(Natives.Folder);
    }

    [Fact]
    public void Verify_WhenLayoutsAreThePinnedOnes_Passes() => NativeLayout.Verify();

    /// <summary>A default that llama.cpp fills in lands in the field that is meant.</summary>
    [Fact]
    public void DefaultParameters_WhenReadThroughTheLayouts_AreLlamaCppsDefaults()
    {
        Natives.Load();

        var context = LlamaNative.llama_context_default_params();
        var model = LlamaNative.llama_model_default_params();

        (context.n_ctx, context.n_batch, context.n_ubatch, context.n_seq_max).ShouldBe((512u, 2048u, 512u, 1u));
        (context.type_k, context.type_v, context.flash_attn_type).ShouldBe((1, 1, -1));
        (context.offload_kqv, context.swa_full, context.kv_unified, context.ctx_other).ShouldBe(((byte)1, (byte)1, (byte)0, (nint)0));
        (model.vocab_only, model.use_extra_bufts, model.no_alloc).ShouldBe(((byte)0, (byte)1, (byte)0));
    }

    /// <summary>The real library, its version string changed, beside the libraries that it needs.</summary>
    private string CopyWithVersion(string version)
    {
        var source = NativeFolder.RequireLibrary(Natives.Folder, "libllama");
        var bytes = File.ReadAllBytes(source);
        var place = bytes.AsSpan().IndexOf("\00.5.0-dev\0"u8);
        place.ShouldBeGreaterThan(0);
        Encoding.ASCII.GetBytes(version).CopyTo(bytes.AsSpan(place + 1));
        foreach (var library in Directory.EnumerateFiles(Natives.Folder, "libggml*"))
            File.CreateSymbolicLink(Path.Combine(_folder, Path.GetFileName(library)), library);
        var path = Path.Combine(_folder, Path.GetFileName(source));
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
