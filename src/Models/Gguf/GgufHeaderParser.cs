using System.Buffers.Binary;
using System.Collections.Immutable;

namespace OrleansInference.Models.Gguf;

/// <summary>Parses the header of one GGUF file and checks every number in it against the file.</summary>
internal static class GgufHeaderParser
{
    public const uint Magic = 0x46554747;
    public const uint Version = 3;
    public const uint DefaultAlignment = 32;
    public const string AlignmentKey = "general.alignment";

    /// <summary>Laid out like <see cref="Version"/>, which only added big-endian files; many a file of 2023 still is of it.</summary>
    private const uint OlderVersion = 2;

    private const int LeastKeyBytes = 8 + 1 + 4 + 1;
    private const int LeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

    public static GgufPart Parse(MappedFile mapping, int part)
    {
        var cursor = new GgufCursor(mapping);
        ReadMagic(cursor);
        var tensorCount = cursor.ReadCount("the tensor count", LeastTensorBytes, GgufLimits.TensorCount);
        var keyCount = cursor.ReadCount("the key count", LeastKeyBytes, GgufLimits.KeyCount);
        var metadata = ReadMetadata(cursor, mapping, keyCount);
        var alignment = ReadAlignment(metadata);
        var tensors = ReadTensors(cursor, tensorCount, part);
        return new GgufPart(mapping, metadata, Place(tensors, cursor, alignment));
    }

    private static void ReadMagic(GgufCursor cursor)
    {
        var magic = cursor.ReadUInt32("the magic");
        if (magic != Magic)
            throw cursor.Fault($"this is no GGUF file: it begins with 0x{magic:x8}, not 'GGUF'", 0);

        var version = cursor.ReadUInt32("the version");
        if (version is not (Version or OlderVersion))
        {
            throw cursor.Fault(
                version == BinaryPrimitives.ReverseEndianness(Version)
                    ? "this GGUF file is big-endian; only little-endian files are supported"
                    : $"GGUF version {version} is not supported; convert the model to version {Version}",
                4);
        }
    }

    private static GgufMetadata ReadMetadata(GgufCursor cursor, MappedFile mapping, int count)
    {
        var keys = new List<string>(count);
        var entries = new Dictionary<string, GgufEntry>(count);
        for (var index = 0; index < count; index++)
        {
            var at = cursor.Position;
            var entry = ReadEntry(cursor, index);
            if (!entries.TryAdd(entry.Key, entry))
                throw new ModelFormatException("the metadata key is there twice", mapping.Path, at, entry.Key);
            keys.Add(entry.Key);
        }

        return new GgufMetadata(mapping, keys, entries);
    }

    private static GgufEntry ReadEntry(GgufCursor cursor, int index)
    {
        var key = cursor.ReadName($"metadata key {index}", GgufLimits.KeyBytes);
        var type = ReadType(cursor, key);
        var start = cursor.Position;
        var (elementType, count) = (type, 1);
        if (type == GgufValueType.Array)
            (elementType, count) = ReadArrayHeader(cursor, key);

        SkipValues(cursor, key, elementType, count);
        var length = cursor.Position - start;
        if (length > int.MaxValue)
            throw new ModelFormatException(
                $"the value takes {length} bytes; at most {int.MaxValue} are supported", cursor.Path, start, key);
        return new GgufEntry(key, type, elementType, count, start, (int)length);
    }

    private static GgufValueType ReadType(GgufCursor cursor, string key)
    {
        var at = cursor.Position;
        var type = (GgufValueType)cursor.ReadUInt32("a value type");
        return GgufValueTypes.FixedBytes(type) >= 0
            ? type
            : throw new ModelFormatException($"value type {(uint)type} is unknown; GGUF has 0 to 12", cursor.Path, at, key);
    }

    private static (GgufValueType ElementType, int Count) ReadArrayHeader(GgufCursor cursor, string key)
    {
        var at = cursor.Position;
        var type = ReadType(cursor, key);
        if (type == GgufValueType.Array)
            throw new ModelFormatException("arrays of arrays are not supported", cursor.Path, at, key);

        var least = type == GgufValueType.String ? 8 : GgufValueTypes.FixedBytes(type);
        return (type, cursor.ReadCount($"the element count of '{key}'", least, GgufLimits.ArrayElements));
    }

    private static void SkipValues(GgufCursor cursor, string key, GgufValueType type, int count)
    {
        if (type == GgufValueType.String)
        {
            for (var index = 0; index < count; index++)
                cursor.SkipString("a string value");
            return;
        }

        var at = cursor.Position;
        var bytes = cursor.ReadBytes(GgufValueTypes.FixedBytes(type) * count, "a value");
        if (type == GgufValueType.Boolean && bytes.IndexOfAnyInRange((byte)2, byte.MaxValue) is >= 0 and var bad)
            throw new ModelFormatException($"a boolean is 0 or 1, not {bytes[bad]}", cursor.Path, at + bad, key);
    }

    private static uint ReadAlignment(GgufMetadata metadata)
    {
        if (!metadata.Contains(AlignmentKey))
            return DefaultAlignment;
        if (metadata.TypeOf(AlignmentKey) != GgufValueType.UInt32)
            throw metadata.Fault(AlignmentKey, $"holds {metadata.TypeOf(AlignmentKey)}, where UInt32 is needed");

        var alignment = (uint)metadata.GetInteger(AlignmentKey);
        if (!uint.IsPow2(alignment) || alignment > GgufLimits.Alignment)
            throw metadata.Fault(AlignmentKey, $"the alignment is a power of two up to {GgufLimits.Alignment}, not {alignment}");
        return alignment;
    }

    private static List<GgufTensor> ReadTensors(GgufCursor cursor, int count, int part)
    {
        var names = new HashSet<string>(count);
        var tensors = new List<GgufTensor>(count);
        for (var index = 0; index < count; index++)
        {
            var at = cursor.Position;
            var tensor = ReadTensor(cursor, index, part);
            if (!names.Add(tensor.Name))
                throw new ModelFormatException("the tensor is there twice", cursor.Path, at, tensor.Name);
            tensors.Add(tensor);
        }

        return tensors;
    }

    /// <summary>The tensor with the offset that the header gives, which counts from the start of the data.</summary>
    private static GgufTensor ReadTensor(GgufCursor cursor, int index, int part)
    {
        var name = cursor.ReadName($"the name of tensor {index}", GgufLimits.TensorNameBytes);
        var at = cursor.Position;
        var dimensionCount = cursor.ReadUInt32("a dimension count");
        if (dimensionCount is 0 or > GgufLimits.DimensionCount)
            throw Fault($"has {dimensionCount} dimensions; 1 to {GgufLimits.DimensionCount} are allowed");

        var dimensions = ImmutableArray.CreateBuilder<long>((int)dimensionCount);
        for (var dimension = 0; dimension < dimensionCount; dimension++)
        {
            var size = cursor.ReadUInt64("a dimension");
            if (size is 0 or > long.MaxValue)
                throw Fault($"dimension {dimension} is {size}; it must be at least 1 and fit 63 bits");
            dimensions.Add((long)size);
        }

        var type = cursor.ReadUInt32("a tensor type");
        if (GgmlLayout.Refusal(type) is { } refusal)
            throw Fault(refusal);

        var layout = GgmlLayout.Of((GgmlType)type);
        if (dimensions[0] % layout.BlockElements != 0)
            throw Fault($"rows of {dimensions[0]} elements are no whole number of {(GgmlType)type} blocks of {layout.BlockElements}");
        if (!layout.TryGetByteLength(dimensions.ToArray(), out var bytes))
            throw Fault($"[{string.Join(", ", dimensions)}] elements of {(GgmlType)type} are more bytes than 63 bits count");

        var offset = cursor.ReadUInt64("a tensor offset");
        if (offset > long.MaxValue)
            throw Fault($"offset {offset} is outside every file");
        return new GgufTensor(name, dimensions.DrainToImmutable(), (GgmlType)type, bytes, part, (long)offset);

        ModelFormatException Fault(string message) => new(message, cursor.Path, at, name);
    }

    /// <summary>Moves offsets to the start of the file, and checks that data is aligned, inside the file and used once.</summary>
    private static ImmutableArray<GgufTensor> Place(List<GgufTensor> tensors, GgufCursor cursor, uint alignment)
    {
        var dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        var fileBytes = cursor.Position + cursor.Remaining;
        for (var index = 0; index < tensors.Count; index++)
        {
            var tensor = tensors[index];
            if (tensor.FileOffset % alignment != 0)
                throw new ModelFormatException(
                    $"offset {tensor.FileOffset} is no multiple of the alignment {alignment}", cursor.Path, subject: tensor.Name);
            if ((Int128)dataStart + tensor.FileOffset + tensor.ByteLength > fileBytes)
            {
                throw new ModelFormatException(
                    $"{tensor.ByteLength} bytes at offset {tensor.FileOffset} of the data end after the file, which has {fileBytes} bytes: "
                    + "it is cut short",
                    cursor.Path, dataStart, tensor.Name);
            }

            tensors[index] = tensor with { FileOffset = dataStart + tensor.FileOffset };
        }

        CheckOverlap(tensors, cursor.Path);
        return [.. tensors];
    }

    private static void CheckOverlap(List<GgufTensor> tensors, string path)
    {
        GgufTensor? previous = null;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.FileOffset))
        {
            if (previous is not null && previous.FileOffset + previous.ByteLength > tensor.FileOffset)
                throw new ModelFormatException($"the data overlaps that of '{previous.Name}'", path, tensor.FileOffset, tensor.Name);
            previous = tensor;
        }
    }
}
