using System.Collections.Concurrent;
using Orleans;

namespace OrleansInference.Embedded.Serialization;

/// <summary>Types as they travel: known names, arrays and generic types of these. A name that is not known is looked up nowhere.</summary>
internal sealed class TypeNames
{
    private const byte Named = 0;
    private const byte ArrayOf = 1;
    private const byte Generic = 2;

    private readonly ConcurrentDictionary<string, Type> _types = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Type, string> _names = new();

    /// <summary>Makes a type known. A name has one type.</summary>
    public void Add(Type type, string name)
    {
        var known = _types.GetOrAdd(name, type);
        if (known != type)
            throw new UnsupportedTypeException($"Both {known} and {type} are sent as \"{name}\": one of them needs another [Alias].");
        _names[type] = name;
    }

    public void Write(WireWriter writer, Type type)
    {
        if (type.IsArray)
        {
            writer.WriteByte(ArrayOf);
            Write(writer, type.GetElementType()!);
            return;
        }
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (!_names.TryGetValue(definition, out var name))
            throw new UnsupportedTypeException($"{type} cannot be sent: it has no [GenerateSerializer].");
        writer.WriteByte(type.IsGenericType ? Generic : Named);
        writer.WriteString(name);
        if (!type.IsGenericType)
            return;
        foreach (var argument in type.GetGenericArguments())
            Write(writer, argument);
    }

    public Type Read(WireReader reader)
    {
        reader.Enter();
        var type = ReadType(reader);
        reader.Leave();
        return type;
    }

    private Type ReadType(WireReader reader)
    {
        switch (reader.ReadByte())
        {
            case Named:
                return Find(reader.ReadString());
            case ArrayOf:
                return Read(reader).MakeArrayType();
            case Generic:
                var definition = Find(reader.ReadString());
                if (!definition.IsGenericTypeDefinition)
                    throw new InvalidDataException($"{definition} is not generic.");
                var arguments = new Type[definition.GetGenericArguments().Length];
                for (var i = 0; i < arguments.Length; i++)
                    arguments[i] = Read(reader);
                return Construct(definition, arguments);
            case var other:
                throw new InvalidDataException($"{other} does not start a type.");
        }
    }

    private static Type Construct(Type definition, Type[] arguments)
    {
        try
        {
            return definition.MakeGenericType(arguments);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{definition} does not take these type arguments.", e);
        }
    }

    private Type Find(string name) =>
        _types.TryGetValue(name, out var type) ? type : throw new InvalidDataException($"The type \"{name}\" is not known here.");
}

/// <summary>A type that cannot be an argument or a result of a grain call; the message names it and says why.</summary>
[GenerateSerializer]
internal sealed class UnsupportedTypeException(string message) : Exception(message);
