using OrleansInference.Simulation.Tests.Worlds;

namespace OrleansInference.Simulation.Tests.Clients;

/// <summary>Clients that send requests to whatever gateway is up, until they are stopped.</summary>
internal sealed class ClientLoad(World world)
{
    private bool _isStopped;

    public async Task RunAsync()
    {
        var (random, scenario) = (world.Random, world.Scenario);
        while (!_isStopped)
        {
            await Task.Delay(scenario.RequestPeriod * (-Math.Log(1 - random.NextDouble())), world.Time);
            var gateways = world.Gateways.ToList();
            if (gateways.Count == 0)
                continue;
            var model = scenario.Models[random.Next(scenario.Models.Length)].Model;
            var promptTokens = random.Next(50) == 0 ? scenario.ContextLength : random.Next(1, scenario.ContextLength / 2);
            world.Request(gateways[random.Next(gateways.Count)], model, promptTokens, random.Next(1, 24));
        }
    }

    public void Stop() => _isStopped = true;
}
