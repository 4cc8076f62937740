namespace Skerry.Simulation.Checking;

/// <summary>A promise was broken in a run.</summary>
internal sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
