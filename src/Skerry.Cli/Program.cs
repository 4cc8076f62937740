using Skerry.Cli;

return await CommandLine.RunAsync(args, Surroundings.OfProcess());
