using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using Orleans.Runtime;
using OrleansInference.Embedded.Manifest;

namespace OrleansInference.Embedded.Calls;

/// <summary>
/// Makes, once for each grain interface, a class that derives from <see cref="GrainProxy"/> and implements it. DispatchProxy
/// cannot: its classes are no <see cref="GrainReference"/>, which references to grains are in Orleans.
/// </summary>
internal sealed class GrainProxyType
{
    private static readonly Type[] ConstructorParameters =
        [typeof(GrainReferenceRuntime), typeof(GrainId), typeof(GrainInterfaceType), typeof(GrainMethod[])];

    private const MethodAttributes Implementation = MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final
        | MethodAttributes.NewSlot | MethodAttributes.HideBySig;

    private static readonly ConcurrentDictionary<Type, Lazy<GrainProxyType>> Types = new();

    private readonly Func<GrainReferenceRuntime, GrainId, GrainInterfaceType, GrainMethod[], GrainProxy> _create;

    private GrainProxyType(Type grainInterface)
    {
        Methods = [.. grainInterface.GetInterfaces().Prepend(grainInterface).SelectMany(type => type.GetMethods())];
        var parameters = Array.ConvertAll(ConstructorParameters, Expression.Parameter);
        _create = Expression.Lambda<Func<GrainReferenceRuntime, GrainId, GrainInterfaceType, GrainMethod[], GrainProxy>>(
            Expression.New(Define(grainInterface).GetConstructor(ConstructorParameters)!, parameters), parameters).Compile();
    }

    /// <summary>The methods of the interface and of those it extends, in the order that the proxy counts them.</summary>
    public IReadOnlyList<MethodInfo> Methods { get; }

    public static GrainProxyType Of(Type grainInterface) =>
        Types.GetOrAdd(grainInterface, static type => new Lazy<GrainProxyType>(() => new GrainProxyType(type))).Value;

    public GrainProxy Create(GrainReferenceRuntime runtime, GrainId grainId, GrainInterfaceType type, GrainMethod[] methods) =>
        _create(runtime, grainId, type, methods);

    private Type Define(Type grainInterface)
    {
        var name = $"OrleansInference.Proxies.{grainInterface.FullName}";
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.Run);
        var module = assembly.DefineDynamicModule(name);
        var access = DefineAccessAttribute(module);
        foreach (var target in Methods.Select(method => method.DeclaringType!.Assembly).Append(typeof(GrainProxy).Assembly).Distinct())
            assembly.SetCustomAttribute(new CustomAttributeBuilder(access, [target.GetName().Name!]));
        var type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed, typeof(GrainProxy), [grainInterface]);
        DefineConstructor(type);
        for (var i = 0; i < Methods.Count; i++)
            DefineMethod(type, Methods[i], i);
        return type.CreateType();
    }

    // Lets the proxy implement internal interfaces and derive from an internal class. The runtime knows the attribute by its name,
    // and the framework leaves it to whoever needs it to declare.
    private static ConstructorInfo DefineAccessAttribute(ModuleBuilder module)
    {
        var type = module.DefineType(
            "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute",
            TypeAttributes.NotPublic | TypeAttributes.Sealed,
            typeof(Attribute));
        var code = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(string)]).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [])!);
        code.Emit(OpCodes.Ret);
        return type.CreateType().GetConstructors()[0];
    }

    private static void DefineConstructor(TypeBuilder type)
    {
        var constructor = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, ConstructorParameters);
        var code = constructor.GetILGenerator();
        for (var i = 0; i <= ConstructorParameters.Length; i++)
            code.Emit(OpCodes.Ldarg, (short)i);
        code.Emit(OpCodes.Call, typeof(GrainProxy).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic)[0]);
        code.Emit(OpCodes.Ret);
    }

    private static void DefineMethod(TypeBuilder type, MethodInfo method, int index)
    {
        var parameters = method.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        var implementation = type.DefineMethod(
            $"{method.DeclaringType!.FullName}.{method.Name}",
            Implementation,
            method.ReturnType,
            parameters);
        var code = implementation.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldc_I4, index);
        code.Emit(OpCodes.Ldc_I4, parameters.Length);
        code.Emit(OpCodes.Newarr, typeof(object));
        for (var i = 0; i < parameters.Length; i++)
        {
            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldc_I4, i);
            code.Emit(OpCodes.Ldarg, (short)(i + 1));
            if (parameters[i].IsValueType)
                code.Emit(OpCodes.Box, parameters[i]);
            code.Emit(OpCodes.Stelem_Ref);
        }
        code.Emit(OpCodes.Call, CallOf(method));
        code.Emit(OpCodes.Ret);
        type.DefineMethodOverride(implementation, method);
    }

    private static MethodInfo CallOf(MethodInfo method)
    {
        if (MethodSignature.IsStream(method))
            return Find("CallStreamOf").MakeGenericMethod(MethodSignature.ResultOf(method)!);
        var isValueTask = method.ReturnType.IsValueType && method.ReturnType != typeof(void);
        if (MethodSignature.ResultOf(method) is { } result)
            return Find(isValueTask ? "CallValueTaskOf" : "CallTaskOf").MakeGenericMethod(result);
        return method.ReturnType == typeof(void) ? Find("CallVoid") : Find(isValueTask ? "CallValueTask" : "CallTask");
    }

    private static MethodInfo Find(string name) => typeof(GrainProxy).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!;
}
