namespace OrleansInference.Silo.Engines.LlamaCpp.Interop;

/// <summary>The native libraries are missing, broken or of another version; the message names the folder and the remedy.</summary>
public sealed class NativeRuntimeException(string message, Exception? inner = null) : Exception(message, inner);
