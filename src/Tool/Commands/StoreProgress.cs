using OrleansInference.Models.Store;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary>The store's progress in bytes as a fraction.</summary>
internal static class StoreProgress
{
    public static IProgress<ImportProgress> Of(Action<string, double> report) => new DirectProgress<ImportProgress>(
        progress => report(progress.What, progress.TotalBytes == 0 ? 1 : (double)progress.DoneBytes / progress.TotalBytes));
}
