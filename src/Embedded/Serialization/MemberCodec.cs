using System.Reflection;
using System.Reflection.Emit;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>One member of a type.</summary>
internal abstract class MemberCodec<TOwner>
{
    public abstract bool IsImmutable { get; }

    public abstract void Write(WireWriter writer, ref TOwner owner);

    public abstract void Read(WireReader reader, ref TOwner owner);

    public abstract void Copy(ref TOwner from, ref TOwner to, CopyContext context);

    /// <exception cref="UnsupportedTypeException">The member's type cannot be sent; the message says whose member it is.</exception>
    public static MemberCodec<TOwner> Create(FieldInfo field, CodecProvider provider)
    {
        try
        {
            provider.Get(field.FieldType);
        }
        catch (UnsupportedTypeException e)
        {
            throw new UnsupportedTypeException($"{typeof(TOwner)} cannot be sent because of {MemberShape.NameOf(field)}: {e.Message}");
        }
        return (MemberCodec<TOwner>)Activator.CreateInstance(
            typeof(MemberCodec<,>).MakeGenericType(typeof(TOwner), field.FieldType), field, provider)!;
    }
}

/// <param name="state">Read and written directly: constructors and read-only members do not matter, as in Orleans' generated code.</param>
internal sealed class MemberCodec<TOwner, TMember>(FieldInfo state, CodecProvider provider) : MemberCodec<TOwner>
{
    private readonly Codec<TMember> _codec = provider.Get<TMember>();
    private readonly Getter _get = (Getter)Emit(state, "get", typeof(TMember), [typeof(TOwner).MakeByRefType()], typeof(Getter));
    private readonly Setter _set =
        (Setter)Emit(state, "set", typeof(void), [typeof(TOwner).MakeByRefType(), typeof(TMember)], typeof(Setter));

    private delegate TMember Getter(ref TOwner owner);

    private delegate void Setter(ref TOwner owner, TMember value);

    private bool? _isImmutable;

    public override bool IsImmutable => _isImmutable ??= _codec.IsImmutable || MemberShape.IsMarkedImmutable(state);

    public override void Write(WireWriter writer, ref TOwner owner) => _codec.Write(writer, _get(ref owner));

    public override void Read(WireReader reader, ref TOwner owner) => _set(ref owner, _codec.Read(reader));

    public override void Copy(ref TOwner from, ref TOwner to, CopyContext context)
    {
        var value = _get(ref from);
        _set(ref to, IsImmutable ? value : _codec.Copy(value, context));
    }

    private static Delegate Emit(FieldInfo field, string prefix, Type result, Type[] parameters, Type type)
    {
        var method = new DynamicMethod($"{prefix}_{field.Name}", result, parameters, field.DeclaringType!, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        if (!typeof(TOwner).IsValueType)
            code.Emit(OpCodes.Ldind_Ref);
        if (parameters.Length == 1)
        {
            code.Emit(OpCodes.Ldfld, field);
        }
        else
        {
            code.Emit(OpCodes.Ldarg_1);
            code.Emit(OpCodes.Stfld, field);
        }
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate(type);
    }
}
