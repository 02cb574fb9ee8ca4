using System.ComponentModel.DataAnnotations;

namespace OrleansInference.Silo.Engines;

/// <summary>Section "Models": where models lie.</summary>
public sealed class ModelStoreOptions
{
    public const string Section = "Models";

    /// <summary>Folder of the model store that `oinf model import` writes; required.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Models:Store must name the folder of the model store.")]
    public string Store { get; set; } = "";

    /// <summary>
    /// Folder that slice files are written to, and removed from when its disk gets full. Default: the folder slices in the store.
    /// </summary>
    public string? SliceFolder { get; set; }

    public string SliceFolderOrDefault => string.IsNullOrWhiteSpace(SliceFolder) ? Path.Combine(Store, "slices") : SliceFolder;
}
