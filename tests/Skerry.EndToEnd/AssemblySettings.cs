// Each class stands up sites of its own on two cores; side by side they would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
