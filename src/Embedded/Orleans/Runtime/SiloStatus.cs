namespace Orleans.Runtime;

[GenerateSerializer]
public enum SiloStatus
{
    None = 0,
    Active = 3,
    ShuttingDown = 4,
    Dead = 6,
}
