using OrleansInference.DataPlane.Frames;

namespace OrleansInference.DataPlane.Connections;

/// <summary>Decides who may connect to this process, and who handles their frames.</summary>
public interface IDataPlaneAcceptor
{
    /// <exception cref="DataPlaneRefusedException">Refuses the connection; the other side is told the reason.</exception>
    IFrameHandler Accept(HelloFrame hello, DataPlaneConnection connection);
}
