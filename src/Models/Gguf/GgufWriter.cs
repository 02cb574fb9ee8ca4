using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using OrleansInference.Models.Files;

namespace OrleansInference.Models.Gguf;

/// <summary>
/// Writes a GGUF v3 file in one pass: header, then tensors streamed from files or generators. Keys keep the order of their first setting.
/// </summary>
public sealed class GgufWriter
{
    private const int Alignment = (int)GgufHeaderParser.DefaultAlignment;

    private static readonly byte[] Padding = new byte[Alignment];

    private readonly Dictionary<string, (GgufValueType Type, byte[] Value)> _keys = [];
    private readonly List<string> _keyOrder = [];
    private readonly List<Tensor> _tensors = [];
    private readonly HashSet<string> _tensorNames = [];

    /// <summary>Bytes of the whole file.</summary>
    public long ByteLength
    {
        get
        {
            var end = Align(BuildHeader().WrittenCount);
            return _tensors.Count == 0 ? end : end + _tensors[^1].Offset + _tensors[^1].ByteLength;
        }
    }

    public void SetString(string key, string value) => Set(key, GgufValueType.String, writer => Write(writer, value));

    public void SetUInt16(string key, ushort value) =>
        Set(key, GgufValueType.UInt16, writer => BinaryPrimitives.WriteUInt16LittleEndian(Grow(writer, 2), value));

    public void SetUInt32(string key, uint value) => Set(key, GgufValueType.UInt32, writer => Write(writer, value));

    public void SetInt32(string key, int value) => Set(key, GgufValueType.Int32, writer => Write(writer, (uint)value));

    public void SetFloat(string key, float value) => Set(key, GgufValueType.Float32, writer => Write(writer, value));

    public void SetBoolean(string key, bool value) =>
        Set(key, GgufValueType.Boolean, writer => Grow(writer, 1)[0] = value ? (byte)1 : (byte)0);

    public void SetStrings(string key, IReadOnlyCollection<string> values) => SetArray(key, GgufValueType.String, values, Write);

    public void SetFloats(string key, IReadOnlyCollection<float> values) => SetArray(key, GgufValueType.Float32, values, Write);

    public void SetInt32s(string key, IReadOnlyCollection<int> values) =>
        SetArray(key, GgufValueType.Int32, values, static (writer, value) => Write(writer, (uint)value));

    public void SetBooleans(string key, IReadOnlyCollection<bool> values) =>
        SetArray(key, GgufValueType.Boolean, values, static (writer, value) => Grow(writer, 1)[0] = value ? (byte)1 : (byte)0);

    /// <summary>Takes over a key as it is.</summary>
    public void CopyKey(GgufMetadata source, string key) => Set(key, source.TypeOf(key), writer => writer.Write(source.RawValue(key)));

    /// <summary>Takes over elements [<paramref name="first"/>, <paramref name="end"/>) of an array of numbers or booleans.</summary>
    public void CopyArrayRange(GgufMetadata source, string key, int first, int end)
    {
        var array = source.GetArray(key);
        var size = GgufValueTypes.FixedBytes(array.ElementType);
        if (size == 0)
            throw source.Fault(key, "an array of strings cannot be cut");

        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, array.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, end);
        var elements = source.RawValue(key).Slice(GgufArray.HeaderBytes + first * size, (end - first) * size).ToArray();
        Set(key, GgufValueType.Array, writer =>
        {
            WriteArrayHeader(writer, array.ElementType, end - first);
            writer.Write(elements);
        });
    }

    /// <summary>Appends a tensor.</summary>
    /// <exception cref="ArgumentException">The name is taken, empty or too long, or the dimensions do not fit the type.</exception>
    public void AddTensor(string name, GgmlType type, ImmutableArray<long> dimensions, GgufTensorContent content)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > GgufLimits.TensorNameBytes || !_tensorNames.Add(name))
            throw new ArgumentException($"'{name}' is no new tensor name of 1 to {GgufLimits.TensorNameBytes} bytes.", nameof(name));
        if (dimensions.Length is 0 or > GgufLimits.DimensionCount
            || !GgmlLayout.Of(type).TryGetByteLength(dimensions.AsSpan(), out var bytes))
        {
            throw new ArgumentException(
                $"[{string.Join(", ", dimensions)}] are no dimensions for '{name}' of type {type}.", nameof(dimensions));
        }

        var offset = _tensors.Count == 0 ? 0 : Align(_tensors[^1].Offset + _tensors[^1].ByteLength);
        _tensors.Add(new Tensor(name, type, dimensions, offset, bytes, content));
    }

    /// <summary>Writes the file to a stream that stands at its start.</summary>
    /// <param name="progress">Bytes written so far.</param>
    public void WriteTo(Stream destination, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var header = BuildHeader();
        destination.Write(header.WrittenSpan);
        var start = Align(header.WrittenCount);
        Pad(destination, start - header.WrittenCount);
        var position = 0L;
        foreach (var tensor in _tensors)
        {
            Pad(destination, tensor.Offset - position);
            var before = start + tensor.Offset;
            var content = new TensorStream(
                destination, tensor.Name, tensor.ByteLength, written => progress?.Report(before + written), cancellation);
            WriteContent(tensor, content, cancellation);
            content.CheckComplete();
            position = tensor.Offset + tensor.ByteLength;
        }
    }

    private static void WriteContent(Tensor tensor, TensorStream destination, CancellationToken cancellation)
    {
        switch (tensor.Content)
        {
            case GgufTensorContent.FileRange range:
                FileRange.Copy(range.Path, range.Offset, tensor.ByteLength, destination.Write, cancellation);
                break;
            case GgufTensorContent.Generated generated:
                generated.Write(destination, cancellation);
                break;
        }
    }

    private ArrayBufferWriter<byte> BuildHeader()
    {
        var writer = new ArrayBufferWriter<byte>(4096);
        Write(writer, GgufHeaderParser.Magic);
        Write(writer, GgufHeaderParser.Version);
        Write(writer, (ulong)_tensors.Count);
        Write(writer, (ulong)_keyOrder.Count);
        foreach (var key in _keyOrder)
        {
            var (type, value) = _keys[key];
            Write(writer, key);
            Write(writer, (uint)type);
            writer.Write(value);
        }

        foreach (var tensor in _tensors)
        {
            Write(writer, tensor.Name);
            Write(writer, (uint)tensor.Dimensions.Length);
            foreach (var dimension in tensor.Dimensions)
                Write(writer, (ulong)dimension);
            Write(writer, (uint)tensor.Type);
            Write(writer, (ulong)tensor.Offset);
        }

        return writer;
    }

    private void SetArray<T>(string key, GgufValueType type, IReadOnlyCollection<T> values, Action<ArrayBufferWriter<byte>, T> write) =>
        Set(key, GgufValueType.Array, writer =>
        {
            WriteArrayHeader(writer, type, values.Count);
            foreach (var value in values)
                write(writer, value);
        });

    private void Set(string key, GgufValueType type, Action<ArrayBufferWriter<byte>> write)
    {
        var writer = new ArrayBufferWriter<byte>();
        write(writer);
        if (!_keys.ContainsKey(key))
            _keyOrder.Add(key);
        _keys[key] = (type, writer.WrittenSpan.ToArray());
    }

    private static void WriteArrayHeader(ArrayBufferWriter<byte> writer, GgufValueType type, int count)
    {
        Write(writer, (uint)type);
        Write(writer, (ulong)count);
    }

    private static void Write(ArrayBufferWriter<byte> writer, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(Grow(writer, 4), value);

    private static void Write(ArrayBufferWriter<byte> writer, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Grow(writer, 8), value);

    private static void Write(ArrayBufferWriter<byte> writer, float value) =>
        BinaryPrimitives.WriteSingleLittleEndian(Grow(writer, 4), value);

    private static void Write(ArrayBufferWriter<byte> writer, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Write(writer, (ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static Span<byte> Grow(ArrayBufferWriter<byte> writer, int count)
    {
        var span = writer.GetSpan(count)[..count];
        writer.Advance(count);
        return span;
    }

    private static long Align(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream destination, long count) => destination.Write(Padding.AsSpan(0, (int)count));

    private sealed record Tensor(
        string Name, GgmlType Type, ImmutableArray<long> Dimensions, long Offset, long ByteLength, GgufTensorContent Content);
}
