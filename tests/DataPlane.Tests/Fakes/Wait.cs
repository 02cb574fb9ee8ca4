using System.Diagnostics;

namespace OrleansInference.DataPlane.Tests.Fakes;

/// <summary>Bounded waits, so that a test that would hang fails and says where.</summary>
internal static class Wait
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static Task For(Task task) => task.WaitAsync(Deadline, TestContext.Current.CancellationToken);

    public static Task<T> For<T>(Task<T> task) => task.WaitAsync(Deadline, TestContext.Current.CancellationToken);

    public static Task For(ValueTask task) => For(task.AsTask());

    public static async Task Until(Func<bool> condition, string what)
    {
        var started = Stopwatch.StartNew();
        while (!condition())
        {
            (started.Elapsed < Deadline).ShouldBeTrue($"{what} did not happen within {Deadline.TotalSeconds:0} s");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
