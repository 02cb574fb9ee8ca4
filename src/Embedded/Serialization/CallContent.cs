using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orleans;
using Orleans.Runtime;

namespace OrleansInference.Embedded.Serialization;

/// <summary>What a call brings along.</summary>
/// <param name="Expires">Timestamp from which its caller does not wait any more: the processes of a machine share its clock.</param>
/// <param name="Arguments">Without the cancellation token, which is never sent: it is followed instead.</param>
[GenerateSerializer]
internal sealed record CallContent(
    GrainId Target, long Expires, Dictionary<string, object>? RequestContext, [field: NonSerialized] object?[] Arguments)
{
    /// <summary>Arguments are members, by their places; so they keep what they refer to in common.</summary>
    public static JsonTypeInfo Describe(IReadOnlyList<ParameterInfo> parameters, JsonSerializerOptions options)
    {
        var contract = options.TypeInfoResolver!.GetTypeInfo(typeof(CallContent), options)!;
        contract.CreateObject = () => new CallContent(default, 0, null, new object?[parameters.Count]);
        foreach (var parameter in parameters.Where(parameter => parameter.ParameterType != typeof(CancellationToken)))
        {
            var property = contract.CreateJsonPropertyInfo(parameter.ParameterType, $"{contract.Properties.Count}");
            property.Get = content => ((CallContent)content).Arguments[parameter.Position];
            property.Set = (content, value) => ((CallContent)content).Arguments[parameter.Position] = value;
            contract.Properties.Add(property);
        }
        return contract;
    }
}
