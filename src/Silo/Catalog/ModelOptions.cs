using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo.Catalog;

/// <summary>Where this silo's models lie. Configuration section "Models".</summary>
internal sealed class ModelOptions
{
    public const string Section = "Models";

    /// <summary>Folder of the model store.</summary>
    [Required(ErrorMessage = "Models:Store must name the folder of the model store (see 'oinf model import').")]
    public string Store { get; set; } = "";
}
