using OrleansInference.Models.Store;
using OrleansInference.Tool.Terminal;

namespace OrleansInference.Tool.Commands;

/// <summary>Which model of the store is meant.</summary>
internal static class ModelChoice
{
    /// <param name="wanted">Name or name@version; null takes the only model there is.</param>
    /// <returns>The model, as the store and the gateway take it: the name where that is enough, else name@version.</returns>
    /// <exception cref="UserErrorException">No model is in the store, or several are and none was named.</exception>
    public static string Choose(ModelStore store, string? wanted)
    {
        var models = store.List();
        if (models.IsEmpty)
            throw new UserErrorException($"There is no model in {store.Root}. Import one: oinf model import FILE --store {store.Root}");
        if (wanted is not null)
            return store.Load(wanted) is { } manifest && wanted.Contains('@') ? manifest.Id : wanted;
        return models is [var only]
            ? store.Load(only).Name
            : throw new UserErrorException($"The store has several models; choose one with --model: {string.Join(", ", models)}.");
    }
}
