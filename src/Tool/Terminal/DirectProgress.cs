namespace OrleansInference.Tool.Terminal;

/// <summary>Hands reports on at once, unlike <see cref="Progress{T}"/>, which hands them to the thread pool and so mixes up their order.</summary>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
