using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>References to grains. A grain itself, handed over by mistake or for brevity, travels as a reference to it.</summary>
internal sealed class GrainReferenceCodec<T> : Codec<T?>
    where T : class, IAddressable
{
    public override bool IsImmutable => false;

    public override void Write(WireWriter writer, T? value)
    {
        writer.WriteBoolean(value is not null);
        if (value is not null)
            LeafCodecs.WriteGrainId(writer, value.GetGrainId());
    }

    public override T? Read(WireReader reader) =>
        reader.ReadBoolean() ? (T)reader.BindReference(LeafCodecs.ReadGrainId(reader), typeof(T)) : null;

    public override T? Copy(T? value, CopyContext context) => value is null or GrainReference ? value : value.AsReference<T>();
}
