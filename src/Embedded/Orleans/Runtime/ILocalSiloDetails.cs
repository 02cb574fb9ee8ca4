namespace Orleans.Runtime;

public interface ILocalSiloDetails
{
    string Name { get; }

    SiloAddress SiloAddress { get; }
}
