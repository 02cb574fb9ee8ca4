using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Types by their state: constructors and read-only members do not matter, as in Orleans' generated code.</summary>
internal sealed class MessageContracts(MessageTypes types) : DefaultJsonTypeInfoResolver
{
    public override JsonTypeInfo GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        var isTuple = typeof(ITuple).IsAssignableFrom(type)
            || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>));
        if (!isTuple && !type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            return base.GetTypeInfo(type, options);
        var contract = JsonTypeInfo.CreateJsonTypeInfo(type, options);
        if (contract.Kind != JsonTypeInfoKind.Object)
            return base.GetTypeInfo(type, options);
        var fields = isTuple ? MemberShape.AllFields(type) : MemberShape.Of(type);
        for (var i = 0; i < fields.Count; i++)
            contract.Properties.Add(PropertyOf(fields[i], $"{i}", options));
        if (!type.IsAbstract)
            contract.CreateObject = CreatorOf(type);
        if (!type.IsSealed)
            AddDerived(contract);
        return contract;
    }

    private static Func<object> CreatorOf(Type type) => type.GetConstructor(Type.EmptyTypes) is null
        ? () => RuntimeHelpers.GetUninitializedObject(type)
        : () => Activator.CreateInstance(type)!;

    private void AddDerived(JsonTypeInfo contract)
    {
        foreach (var type in types.Serializable)
        {
            if (type == contract.Type || type.IsAbstract || !contract.Type.IsAssignableFrom(type))
                continue;
            contract.PolymorphismOptions ??= new JsonPolymorphismOptions();
            contract.PolymorphismOptions.DerivedTypes.Add(new(type, type.FullName!));
        }
    }

    private static JsonPropertyInfo PropertyOf(FieldInfo field, string name, JsonSerializerOptions options) =>
        (JsonPropertyInfo)typeof(MessageContracts).GetMethod(nameof(Property), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(field.FieldType).Invoke(null, [field, name, options])!;

    private static JsonPropertyInfo Property<T>(FieldInfo field, string name, JsonSerializerOptions options)
    {
        var property = JsonMetadataServices.CreatePropertyInfo(options, new JsonPropertyInfoValues<T>
        {
            IsProperty = true,
            IsPublic = true,
            DeclaringType = field.DeclaringType!,
            PropertyName = name,
            Getter = Emit<Func<object, T?>>(field, typeof(T), [typeof(object)]),
            Setter = Emit<Action<object, T?>>(field, typeof(void), [typeof(object), typeof(T)]),
        });
        if (MemberShape.SourceOf(field).IsDefined(typeof(ImmutableAttribute)))
            SharedConverters.Apply(property, options);
        return property;
    }

    private static TDelegate Emit<TDelegate>(FieldInfo field, Type result, Type[] parameters)
        where TDelegate : Delegate
    {
        var method = new DynamicMethod(field.Name, result, parameters, field.DeclaringType!, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(field.DeclaringType!.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, field.DeclaringType);
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
        return method.CreateDelegate<TDelegate>();
    }
}
