using System.Diagnostics;
using System.Globalization;
using System.Text;
using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines;

namespace OrleansInference.Bench.Paced;

/// <summary>
/// Every token's text is the time at which the head asks for it, just before it sends it: so the client, on the same machine, sees how long
/// it was under way.
/// </summary>
internal sealed class ClockTokenizer : ITokenizer
{
    public const int Size = 65_536;

    public const int Token = 1;

    public int VocabularySize => Size;

    /// <summary>How long the tokens of a text were under way when it came.</summary>
    /// <param name="text">What <see cref="PieceOf"/> wrote, once or more.</param>
    /// <param name="at">When it came, in ticks of <see cref="Stopwatch"/>.</param>
    public static IEnumerable<double> MillisecondsSince(string text, long at) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(sent => (at - long.Parse(sent, CultureInfo.InvariantCulture)) * 1e3 / Stopwatch.Frequency);

    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial) =>
        [.. Encoding.UTF8.GetBytes(text).Select(static one => (int)one)];

    public int[] TokenizeChat(IReadOnlyList<ChatMessage> messages, string? arguments = null) =>
        throw new ChatTemplateException("There is no chat template.");

    public bool IsEndOfGeneration(int token) => false;

    public ReadOnlyMemory<byte> PieceOf(int token) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetTimestamp()} "));

    public void Dispose()
    {
    }
}
