using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>What a call brings along.</summary>
/// <param name="Arguments">Without the cancellation token, which is never sent: it is followed instead.</param>
internal sealed record CallContent(object?[] Arguments)
{
    public Dictionary<string, object>? RequestContext { get; set; }

    /// <summary>Arguments are members, by their places; so they keep what they refer to in common.</summary>
    public static JsonTypeInfo Describe(IReadOnlyList<ParameterInfo> parameters, JsonSerializerOptions options)
    {
        var contract = JsonTypeInfo.CreateJsonTypeInfo<CallContent>(options);
        contract.CreateObject = () => new CallContent(new object?[parameters.Count]);
        for (var i = 0; i < parameters.Count; i++)
        {
            var (index, parameter) = (i, parameters[i]);
            if (parameter.ParameterType == typeof(CancellationToken))
                continue;
            var property = contract.CreateJsonPropertyInfo(parameter.ParameterType, $"{i}");
            property.Get = content => ((CallContent)content).Arguments[index];
            property.Set = (content, value) => ((CallContent)content).Arguments[index] = value;
            if (IsMarkedImmutable(parameter))
                SharedConverters.Apply(property, options);
            contract.Properties.Add(property);
        }
        var context = contract.CreateJsonPropertyInfo(typeof(Dictionary<string, object>), "context");
        context.Get = content => ((CallContent)content).RequestContext;
        context.Set = (content, value) => ((CallContent)content).RequestContext = (Dictionary<string, object>?)value;
        context.ShouldSerialize = static (_, value) => value is not null;
        contract.Properties.Add(context);
        return contract;
    }

    public static bool IsMarkedImmutable(ParameterInfo parameter) => parameter.IsDefined(typeof(ImmutableAttribute));
}
