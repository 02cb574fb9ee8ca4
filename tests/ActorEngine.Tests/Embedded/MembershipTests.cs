using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;
using OrleansInference.Embedded.Directory;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.ActorEngine.Tests.Embedded;

[UnsupportedOSPlatform("windows")]
public sealed class MembershipTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Folder_WhenThereIsNone_IsMadePrivate()
    {
        await using var silo = await ClientHost.StartAsync(_folder["new"]);
        File.GetUnixFileMode(_folder["new"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task Folder_WhenOthersCanEnterIt_IsRefused()
    {
        File.SetUnixFileMode(_folder.Path, File.GetUnixFileMode(_folder.Path) | UnixFileMode.GroupRead);
        var error = await FailToStartAsync(_folder.Path);
        error.ShouldContain(_folder.Path);
        error.ShouldContain("chmod 700");
    }

    [Fact]
    public async Task Folder_WhenItBelongsToSomebodyElse_IsRefused()
    {
        Assert.SkipUnless(FileOwner.Self == 0, "Only root can give a folder away.");
        await SiloProcess.RunAsync("chown", "12345", _folder.Path);
        (await FailToStartAsync(_folder.Path)).ShouldContain("belongs to user 12345");
    }

    [Fact]
    public async Task Folder_WhenItsPathIsTooLongForASocket_IsRefusedWithTheExcess()
    {
        var folder = _folder[new string('x', 100)];
        (await FailToStartAsync(folder)).ShouldContain("Choose a shorter folder");
    }

    [Fact]
    public async Task Folder_WhenNotConfigured_IsAskedFor()
    {
        await using var silo = ClientHost.Create("");
        (await Should.ThrowAsync<OptionsValidationException>(silo.StartAsync)).Message.ShouldContain("Folder");
    }

    [Fact]
    public async Task Record_WhenDamaged_DoesNotKeepASiloFromJoining()
    {
        await using var first = await ClientHost.StartAsync(_folder.Path, "first");
        await File.WriteAllTextAsync(_folder["members/11199@1.json"], "{ \"Silo\": ");
        await using var second = await ClientHost.StartAsync(_folder.Path, "second");
        second.Get<IClusterMembership>().Members.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Name_WhenASiloOfTheSameProcessHasItAlready_IsRefused()
    {
        await using var first = await ClientHost.StartAsync(_folder.Path, "same");
        await using var second = ClientHost.Create(_folder.Path, "same");
        (await Should.ThrowAsync<OrleansConfigurationException>(second.StartAsync)).Message.ShouldContain("already the silo \"same\"");
    }

    [Fact]
    public async Task Build_WhenAMemberRunsAnother_IsRefused()
    {
        await using var first = await ClientHost.StartAsync(_folder.Path, "first");
        var record = Directory.GetFiles(_folder["members"], "*.json").ShouldHaveSingleItem();
        var build = typeof(ICalculatorGrain).Module.ModuleVersionId;
        var content = await File.ReadAllTextAsync(record);
        await File.WriteAllTextAsync(record, content.Replace($"{build}", $"{Guid.NewGuid()}", StringComparison.Ordinal));
        (await FailToStartAsync(_folder.Path, "second")).ShouldContain("runs another build of OrleansInference.ActorEngine.Tests");
    }

    [Fact]
    public async Task Silo_WhenItsFilesAreRemoved_StopsItself()
    {
        await using var silo = await ClientHost.StartAsync(_folder.Path);
        var stopping = new TaskCompletionSource();
        using var _ = silo.Get<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        Directory.Delete(_folder.Path, recursive: true);
        await stopping.Task.WaitAsync(TestTime.Limit);
        await Should.ThrowAsync<SiloUnavailableException>(() => silo.Client.GetGrain<ICalculatorGrain>("x").AddAsync(1, 1));
    }

    [Fact]
    public async Task Folder_WhileItHasMembers_IsLockedForThoseWhoRemoveWhatSeemsOld()
    {
        await using (await ClientHost.StartAsync(_folder.Path, "first"))
        {
            await using (await ClientHost.StartAsync(_folder.Path, "second"))
                ExclusiveLock.CanBeHad(_folder.Path).ShouldBeFalse();
            ExclusiveLock.CanBeHad(_folder.Path).ShouldBeFalse();
        }
        ExclusiveLock.CanBeHad(_folder.Path).ShouldBeTrue();
    }

    [Fact]
    public async Task Files_WhenAnHourHasPassed_AreTouched()
    {
        var time = new ManualTime();
        await using var silo = await ClientHost.StartAsync(
            _folder.Path, configure: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var paths = Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories).Append(_folder.Path).ToList();
        var before = DateTime.UtcNow.AddDays(-20);
        foreach (var path in paths)
            File.SetLastWriteTimeUtc(path, before);

        time.Fire(TimeSpan.FromHours(1));

        foreach (var path in paths)
            await TestTime.UntilAsync(() => File.GetLastWriteTimeUtc(path) > before.AddDays(19), $"the touch of {path}");
    }

    [Fact]
    public async Task Generations_WhenSilosComeAndGo_NeverRepeat()
    {
        var silos = new HashSet<SiloAddress>();
        for (var i = 0; i < 5; i++)
        {
            await using var silo = await ClientHost.StartAsync(_folder.Path);
            silos.Add(silo.Get<ILocalSiloDetails>().SiloAddress).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Interface_WhenAMethodCannotBeCalled_KeepsTheHostFromStartingAndIsNamed()
    {
        await using var silo = ClientHost.Create(_folder.Path, configure: builder => builder.Configure<GrainTypeOptions>(
            types => types.Interfaces.UnionWith([typeof(IBadGrain<Stream>), typeof(IBadGrain<int>)])));
        var error = (await Should.ThrowAsync<OrleansConfigurationException>(silo.StartAsync)).Message;
        error.ShouldContain("TakeAsync: System.IO.Stream cannot be sent: it has no [GenerateSerializer].");
        error.ShouldContain("Forget: The method cannot be called on a grain: it returns System.Int32");
        error.ShouldContain("GenericAsync: The method cannot be called on a grain: it is generic");
        error.ShouldContain("RefAsync: The method cannot be called on a grain: it has a ref, in or out parameter");
        error.ShouldContain("ListAsync: System.Threading.Thread cannot be sent");
        error.ShouldNotContain("FineAsync");
    }

    [Fact]
    public void Lock_WhenHeldInTheSameProcess_IsSeenAndFreeOnceItsFileIsClosed()
    {
        var path = _folder["x.lock"];
        FileLock.IsHeld(path).ShouldBeFalse();
        var held = FileLock.Create(path);
        FileLock.IsHeld(path).ShouldBeTrue();
        held.Dispose();
        FileLock.IsHeld(path).ShouldBeFalse();
    }

    [Fact]
    public async Task Lock_WhenItIsNotToBeHadInTime_SaysWhichFile()
    {
        var path = _folder["x.lock"];
        using var held = FileLock.Create(path);
        var error = await Should.ThrowAsync<TimeoutException>(
            () => FileLock.AcquireAsync(path, TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None));
        error.Message.ShouldContain(path);
    }

    [Fact]
    public void Kill_WhenTheProcessIsThisOneOrAnotherThanItWas_DoesNothing()
    {
        ProcessIdentity.Kill(Environment.ProcessId, ProcessIdentity.StartOfSelf).ShouldBeFalse();
        ProcessIdentity.StartOf(Environment.ProcessId).ShouldBe(ProcessIdentity.StartOfSelf);
        ProcessIdentity.StartOf(1).ShouldNotBe(ProcessIdentity.StartOfSelf);
        ProcessIdentity.Kill(1, start: -1).ShouldBeFalse();
        ProcessIdentity.Kill(int.MaxValue, start: 0).ShouldBeFalse();
    }

    private static async Task<string> FailToStartAsync(string folder, string name = "test")
    {
        await using var silo = ClientHost.Create(folder, name);
        return (await Should.ThrowAsync<OrleansConfigurationException>(silo.StartAsync)).Message;
    }
}

/// <summary>Generic, so that no host finds it by itself.</summary>
public interface IBadGrain<T> : IGrainWithStringKey
{
    Task TakeAsync(T value);

    int Forget(string value);

    Task GenericAsync<TAny>(TAny value);

    Task RefAsync(ref int value);

    Task<List<Thread>> ListAsync();

    Task FineAsync(int value);
}
