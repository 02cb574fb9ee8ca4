using System.Globalization;
using Spectre.Console;

namespace OrleansInference.Tool.Terminal;

/// <summary>How far long work is: a bar on a terminal; elsewhere a line for a tenth, but never two within a second.</summary>
internal static class ProgressDisplay
{
    /// <param name="work">Reports what it is at and how far it is, 0 to 1.</param>
    public static async Task<T> RunAsync<T>(Screen screen, string title, Func<Action<string, double>, Task<T>> work)
    {
        if (!screen.IsLive)
            return await work(new Tenths(screen, title).Report).ConfigureAwait(false);

        return await screen.Console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(display =>
            {
                var bar = display.AddTask(Markup.Escape(title), maxValue: 1);
                return work((what, fraction) =>
                {
                    bar.Description = Markup.Escape($"{title}: {what}");
                    bar.Value = fraction;
                });
            }).ConfigureAwait(false);
    }

    private sealed class Tenths(Screen screen, string title)
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
        private readonly Lock _lock = new();
        private long _shownAt = TimeProvider.System.GetTimestamp();
        private int _shown;

        public void Report(string what, double fraction)
        {
            lock (_lock)
            {
                var tenth = (int)(fraction * 10);
                if (tenth <= _shown || TimeProvider.System.GetElapsedTime(_shownAt) < Pause)
                    return;
                (_shown, _shownAt) = (tenth, TimeProvider.System.GetTimestamp());
                screen.Line(string.Create(CultureInfo.InvariantCulture, $"{title}: {what} ({tenth * 10} %)"));
            }
        }
    }
}
