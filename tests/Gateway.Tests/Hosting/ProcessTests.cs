using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using OrleansInference.Gateway.Tests.Fakes;

namespace OrleansInference.Gateway.Tests.Hosting;

/// <summary>The gateway as a process of its own, in a cluster that has no devices.</summary>
public sealed partial class ProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-tests-").FullName;

    [Fact]
    public async Task Gateway_WhenNoDeviceIsThere_AnswersThatItIsNotReadyAndStopsCleanly()
    {
        using var gateway = Start(
            "--Urls=http://127.0.0.1:0", $"--Cluster:Folder={_folder}", "--Serve:Model=pebble", "--Host:StopWhenInputCloses=true");
        try
        {
            using var http = new HttpClient { BaseAddress = await AddressAsync(gateway) };
            (await http.GetStringAsync("/healthz", TestContext.Current.CancellationToken)).ShouldBe("alive");
            await GatewayFixture.UntilAsync(
                () => http.GetStringAsync("/admin/topology").Result.Contains("\"name\":\"pebble/0\"", StringComparison.Ordinal),
                "the model is deployed");
            using var ready = await http.GetAsync("/readyz", TestContext.Current.CancellationToken);
            ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

            using var content = new StringContent("""{"model":"pebble","prompt":"Hi"}""", null, "application/json");
            using var refused = await http.PostAsync("/v1/completions", content, TestContext.Current.CancellationToken);
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"load_progress\":0");

            var watch = Stopwatch.StartNew();
            gateway.StandardInput.Close();
            await gateway.WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
            gateway.ExitCode.ShouldBe(0);
            watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        }
        finally
        {
            gateway.Kill();
        }
    }

    [Theory]
    [InlineData("--Gateway:MaximumChoices=5", "Cluster:Folder is missing")]
    [InlineData("--Gateway:MaximumChoices=0", "start: Gateway:MaximumChoices must be between 1 and 128.", true)]
    [InlineData("--Serve:Slot=4", "start: Serve:Slot is no setting; Serve has BatchRows, ContextLength, Model, QueueLength, Replicas, Slots.", true)]
    [InlineData("--Cluster:Redis=127.0.0.1:6379", "start: Cluster:Redis is no setting; Cluster has Folder, SiloName.", true)]
    [InlineData("--Serve:Slots=0", "start: Serve:Slots must be between 1 and 256.", true)]
    [InlineData("--Serve:Slots=many", "start: Serve:Slots is 'many', but must be a whole number", true)]
    [InlineData("--Urls=nonsense", "start: Urls is 'nonsense', which cannot be listened on: Invalid url", true)]
    [InlineData("--Urls=http://192.0.2.1:0", "start: Urls is 'http://192.0.2.1:0', which cannot be listened on: Cannot assign", true)]
    [InlineData("--Urls=http://127.0.0.1:99999", "start: Urls is 'http://127.0.0.1:99999', which cannot be listened on", true)]
    [InlineData("--Serve:Model=pebble@", "Serve:Model must be a model's name or name@version", true)]
    [InlineData("--Serve:Model=pebble@1@2", "Serve:Model must be a model's name or name@version", true)]
    [InlineData("--Serve:Model=../pebble", "Serve:Model must be a model's name or name@version", true)]
    public async Task Gateway_WhenConfiguredWrong_SaysWhyInOneLine(string setting, string expected, bool hasFolder = false)
    {
        using var gateway = Start(hasFolder ? [setting, $"--Cluster:Folder={_folder}"] : [setting]);
        var error = await gateway.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await gateway.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        gateway.ExitCode.ShouldBe(1);
        error.ShouldStartWith("The gateway cannot start: ");
        error.ShouldContain(expected);
        error.TrimEnd().ShouldNotContain('\n');
        // Nor is it said a second time, with a stack trace, on the other stream.
        (await gateway.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldNotContain("   at ");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "OrleansInference.Gateway.dll"), .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static async Task<Uri> AddressAsync(Process gateway)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await gateway.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                // Nobody else reads; a full pipe would stop the gateway.
                _ = gateway.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new(match.Groups[1].Value);
            }
        }

        throw new InvalidOperationException($"The gateway ended: {await gateway.StandardError.ReadToEndAsync(patience.Token)}");
    }

    [GeneratedRegex("listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
