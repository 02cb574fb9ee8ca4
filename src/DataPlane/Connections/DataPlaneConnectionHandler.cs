using Microsoft.AspNetCore.Connections;

namespace OrleansInference.DataPlane.Connections;

/// <summary>Kestrel's side of the data plane.</summary>
public sealed class DataPlaneConnectionHandler(IDataPlaneAcceptor acceptor) : ConnectionHandler
{
    public override Task OnConnectedAsync(ConnectionContext connection) => throw new NotImplementedException(acceptor.ToString());
}
