namespace OrleansInference.Gateway.Admin;

/// <summary>What DELETE /admin/models/{name} answers when the model was deployed.</summary>
/// <param name="Message">What happens now, for people.</param>
internal sealed record ModelRemoval(string Model, bool Removed, string Message);
