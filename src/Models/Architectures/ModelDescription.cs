using OrleansInference.Models.Gguf;

namespace OrleansInference.Models.Architectures;

/// <summary>
/// A model that can be cut into slices: its architecture, its sizes, and the certainty that all its tensors are there and right.
/// </summary>
public sealed record ModelDescription(ModelArchitecture Architecture, ModelHyperparameters Hyperparameters)
{
    internal const string ArchitectureKey = "general.architecture";

    /// <exception cref="ModelFormatException">The architecture is not supported, a key is missing or out of range, or a tensor is missing,
    /// wrong or too many.</exception>
    public static ModelDescription Read(GgufFile file)
    {
        var path = file.Parts.First();
        var architecture = ModelArchitecture.Get(file.Metadata.GetString(ArchitectureKey), path);
        var embedding = file.FindTensor(TensorNames.Embedding)
            ?? throw new ModelFormatException("the tensor is missing; every model has it", path, subject: TensorNames.Embedding);
        if (embedding.Dimensions.Length != 2 || embedding.Dimensions[1] > int.MaxValue)
            throw new ModelFormatException(
                "must have two dimensions, hidden size and vocabulary size", path, subject: TensorNames.Embedding);

        var sizes = HyperparameterReader.Read(architecture, file.Metadata, (int)embedding.Dimensions[1]);
        var tensors = file.Tensors.Select(tensor => new TensorFacts(tensor.Name, tensor.Type, tensor.Dimensions)).ToArray();
        ArchitectureTensors.Check(architecture, sizes, tensors, path);
        return new ModelDescription(architecture, sizes);
    }
}
