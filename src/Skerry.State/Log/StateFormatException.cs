namespace Skerry.State.Log;

/// <summary>Bytes that are not what they should be: cut short, altered, or of a version that this program does not know.</summary>
public sealed class StateFormatException(string message, Exception? inner = null) : Exception(message, inner);
