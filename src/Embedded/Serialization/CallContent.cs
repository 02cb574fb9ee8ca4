using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

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
        foreach (var parameter in parameters.Where(parameter => parameter.ParameterType != typeof(CancellationToken)))
        {
            var property = contract.CreateJsonPropertyInfo(parameter.ParameterType, $"{parameter.Position}");
            property.Get = content => ((CallContent)content).Arguments[parameter.Position];
            property.Set = (content, value) => ((CallContent)content).Arguments[parameter.Position] = value;
            contract.Properties.Add(property);
        }
        var context = contract.CreateJsonPropertyInfo(typeof(Dictionary<string, object>), "context");
        context.Get = content => ((CallContent)content).RequestContext;
        context.Set = (content, value) => ((CallContent)content).RequestContext = (Dictionary<string, object>?)value;
        context.ShouldSerialize = static (_, value) => value is not null;
        contract.Properties.Add(context);
        return contract;
    }
}
