using System.Collections.Immutable;
using OrleansInference.Models.Architectures;
using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Inspection;

/// <summary>What a GGUF file is, for people: also of a model that cannot be served, which <see cref="Refusal"/> explains.</summary>
/// <param name="Parts">The files that make up the model.</param>
/// <param name="Hyperparameters">Null where the model is refused.</param>
/// <param name="Types">Tensors and bytes per element type, largest first.</param>
/// <param name="Refusal">Why the model cannot be served; null when it can.</param>
public sealed record ModelSummary(
    ImmutableArray<string> Parts, long Bytes, string? Architecture, string? Name, string? Licence, ModelHyperparameters? Hyperparameters,
    int TensorCount, long ParameterCount, ImmutableArray<TypeShare> Types, bool HasChatTemplate, string? Refusal)
{
    /// <exception cref="ModelFormatException">The file is no sound GGUF file.</exception>
    public static ModelSummary Read(string path)
    {
        using var file = GgufFile.Open(path);
        var (description, refusal) = Describe(file);
        var types = file.Tensors.GroupBy(tensor => tensor.Type)
            .Select(group => new TypeShare(group.Key, group.Count(), group.Sum(tensor => tensor.ByteLength)))
            .OrderByDescending(share => share.Bytes);
        return new ModelSummary(
            [.. file.Parts], file.ByteLength,
            Text(file, ModelDescription.ArchitectureKey), Text(file, "general.name"), Text(file, "general.license"),
            description?.Hyperparameters, file.Tensors.Length, file.Tensors.Sum(tensor => tensor.ElementCount), [.. types],
            file.Metadata.Contains("tokenizer.chat_template"), refusal);
    }

    private static (ModelDescription? Description, string? Refusal) Describe(GgufFile file)
    {
        try
        {
            return (ModelDescription.Read(file), null);
        }
        catch (ModelFormatException fault)
        {
            return (null, fault.Message);
        }
    }

    private static string? Text(GgufFile file, string key) =>
        file.Metadata.Contains(key) && file.Metadata.TypeOf(key) == GgufValueType.String ? file.Metadata.GetString(key) : null;
}

/// <summary>How much of a model is of one element type.</summary>
public readonly record struct TypeShare(GgmlType Type, int TensorCount, long Bytes);
