// The clusters share two cores with each other's measurements, so one test runs at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(OrleansInference.Cluster.Tests.Processes.ThreeSiloFixture))]
