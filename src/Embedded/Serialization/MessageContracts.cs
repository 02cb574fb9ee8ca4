using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Types by their state: constructors and read-only members do not matter, as in Orleans' generated code.</summary>
internal sealed class MessageContracts(IReadOnlyList<Type> serializable) : DefaultJsonTypeInfoResolver
{
    public override JsonTypeInfo GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            return base.GetTypeInfo(type, options);
        var contract = JsonTypeInfo.CreateJsonTypeInfo(type, options);
        if (contract.Kind == JsonTypeInfoKind.Object)
            Describe(contract);
        return contract;
    }

    private void Describe(JsonTypeInfo contract)
    {
        var type = contract.Type;
        foreach (var field in MemberShape.Of(type))
        {
            var property = contract.CreateJsonPropertyInfo(field.FieldType, $"{contract.Properties.Count}");
            property.Get = field.GetValue;
            property.Set = field.SetValue;
            contract.Properties.Add(property);
        }
        if (!type.IsAbstract)
            contract.CreateObject = type.GetConstructor(Type.EmptyTypes) is null
                ? () => RuntimeHelpers.GetUninitializedObject(type)
                : () => Activator.CreateInstance(type)!;
        foreach (var derived in serializable.Where(other => other.IsSubclassOf(type) && !other.IsAbstract))
        {
            contract.PolymorphismOptions ??= new();
            contract.PolymorphismOptions.DerivedTypes.Add(new(derived, derived.FullName!));
        }
    }
}
