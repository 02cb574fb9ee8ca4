using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansInference.Models.Gguf;

/// <summary>Finds and opens the parts of a model that is split into several files.</summary>
internal static partial class GgufSplit
{
    public const string KeyPrefix = "split.";
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TensorCountKey = "split.tensors.count";

    public static ImmutableArray<GgufPart> OpenParts(string path)
    {
        var opened = new List<GgufPart>();
        try
        {
            var any = OpenPart(path, 0);
            opened.Add(any);
            var count = any.Metadata.FindInteger(CountKey) ?? 0;
            if (count is 0 or 1)
            {
                CheckNotSplitByName(path);
                return [any];
            }

            if (count is < 0 or > GgufLimits.PartCount)
                throw any.Metadata.Fault(CountKey, $"is {count}; 1 to {GgufLimits.PartCount} are supported");

            any.Dispose();
            opened.Clear();
            foreach (var (part, index) in PartPaths(path, (int)count).Select((part, index) => (part, index)))
            {
                opened.Add(OpenPart(part, index));
                CheckPart(opened[^1], index, (int)count);
            }

            CheckTensorTotal(opened);
            return [.. opened];
        }
        catch
        {
            foreach (var part in opened)
                part.Dispose();
            throw;
        }
    }

    public static ImmutableArray<GgufTensor> MergeTensors(ImmutableArray<GgufPart> parts) => [.. parts.SelectMany(part => part.Tensors)];

    private static GgufPart OpenPart(string path, int index)
    {
        var mapping = MappedFile.Open(path);
        try
        {
            return GgufHeaderParser.Parse(mapping, index);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    private static void CheckNotSplitByName(string path)
    {
        if (PartName().Match(Path.GetFileName(path)) is { Success: true } match && Number(match, "count") > 1)
        {
            throw new ModelFormatException(
                $"the name says that this is part of a split model, but the file has no {CountKey}; rename it, or get the right file",
                path);
        }
    }

    private static string[] PartPaths(string path, int count)
    {
        var name = PartName().Match(Path.GetFileName(path));
        if (!name.Success)
        {
            throw new ModelFormatException(
                $"the model is split into {count} files, which must be named NAME-00001-of-{count:d5}.gguf and so on", path,
                subject: CountKey);
        }

        if (Number(name, "count") != count)
            throw new ModelFormatException($"the name says {Number(name, "count")} parts, the file {count}", path, subject: CountKey);

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var paths = Enumerable.Range(1, count)
            .Select(number => Path.Combine(folder, $"{name.Groups["name"].Value}-{number:d5}-of-{count:d5}.gguf")).ToArray();
        if (Array.Find(paths, part => !File.Exists(part)) is { } missing)
            throw new ModelFormatException($"this part of the split model is missing; all {count} parts must lie in one folder", missing);
        return paths;
    }

    private static void CheckPart(GgufPart part, int index, int count)
    {
        if (part.Metadata.GetInteger(NumberKey) is var number && number != index)
            throw part.Metadata.Fault(NumberKey, $"is {number}; this part must have {index}");
        if (part.Metadata.GetInteger(CountKey) is var own && own != count)
            throw part.Metadata.Fault(CountKey, $"is {own}, in the other parts {count}");
    }

    private static void CheckTensorTotal(List<GgufPart> parts)
    {
        var total = parts.Sum(part => (long)part.Tensors.Length);
        if (parts[0].Metadata.GetInteger(TensorCountKey) is var expected && expected != total)
            throw parts[0].Metadata.Fault(TensorCountKey, $"is {expected}, but the parts hold {total} tensors");
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<name>.+)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex PartName();
}
