namespace OrleansInference.Grains.Models;

/// <summary>Reading a store in a grain's turn.</summary>
internal static class CatalogReading
{
    // Two stores are read one after the other within the time of a call to the model grain.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(4);

    /// <inheritdoc cref="IModelGrain.GetProfileAsync"/>
    public static async Task<ModelProfile> ReadAsync(this IModelCatalog catalog, string model, TimeProvider time)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        try
        {
            return await catalog.GetProfileAsync(model, timeout.Token);
        }
        catch (Exception exception) when (exception is not (ModelNotFoundException or OperationCanceledException))
        {
            // A store fails with exceptions of its own, which no grain call can carry.
            throw new ModelUnreadableException(exception.Message);
        }
    }
}
