using Orleans.Runtime;

namespace Orleans;

public interface IGrain : IAddressable;

public interface IGrainWithIntegerKey : IGrain;

public interface IGrainWithStringKey : IGrain;
