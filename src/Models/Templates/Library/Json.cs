using System.Globalization;
using System.Text;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>The filter <c>tojson</c> as Transformers has it: Python's <c>json.dumps</c>, with letters of all scripts as they are.</summary>
internal static class Json
{
    public static object? Write(object? value, Arguments arguments)
    {
        var indent = arguments.Get(0, "indent", null);
        var writer = new Writer(
            indent is null ? null : indent as string ?? new string(' ', (int)Math.Clamp(Value.ToInteger(indent), 0, 64)),
            Value.IsTrue(arguments.Get(3, "sort_keys", false)), arguments.Get(2, "separators", null) as IReadOnlyList<object?>,
            Value.IsTrue(arguments.Get(1, "ensure_ascii", false)));
        return writer.Write(value);
    }

    private sealed class Writer(string? indent, bool sortsKeys, IReadOnlyList<object?>? separators, bool isAscii)
    {
        private readonly StringBuilder _json = new();
        private readonly string _comma = separators is [string comma, _] ? comma : indent is null ? ", " : ",";
        private readonly string _colon = separators is [_, string colon] ? colon : ": ";
        private int _depth;

        public string Write(object? value)
        {
            Add(value);
            return _json.ToString();
        }

        private void Add(object? value)
        {
            switch (value)
            {
                case null:
                    _json.Append("null");
                    break;
                case bool truth:
                    _json.Append(truth ? "true" : "false");
                    break;
                case long number:
                    _json.Append(number);
                    break;
                case double number:
                    _json.Append(PythonText.Of(number));
                    break;
                case string text:
                    AddText(text);
                    break;
                case IReadOnlyList<object?> list:
                    AddAll('[', list, Add, ']');
                    break;
                case Mapping mapping:
                    AddAll('{', Pairs(mapping), AddPair, '}');
                    break;
                case Undefined undefined:
                    throw undefined.Error();
                default:
                    throw new TemplateException($"{Value.Kind(value)} cannot be written as JSON");
            }
        }

        private IReadOnlyList<KeyValuePair<object, object?>> Pairs(Mapping mapping) =>
            sortsKeys ? [.. mapping.OrderBy(static pair => PythonText.Of(pair.Key), StringComparer.Ordinal)] : [.. mapping];

        private void AddPair(KeyValuePair<object, object?> pair)
        {
            AddText(pair.Key is bool truth ? (truth ? "true" : "false") : PythonText.Of(pair.Key));
            _json.Append(_colon);
            Add(pair.Value);
        }

        private void AddAll<T>(char open, IReadOnlyList<T> items, Action<T> add, char close)
        {
            _json.Append(open);
            _depth++;
            for (var index = 0; index < items.Count; index++)
            {
                if (index > 0)
                    _json.Append(_comma);
                BreakLine();
                add(items[index]);
            }
            _depth--;
            if (items.Count > 0)
                BreakLine();
            _json.Append(close);
        }

        private void BreakLine()
        {
            if (indent is null)
                return;
            _json.Append('\n');
            for (var level = 0; level < _depth; level++)
                _json.Append(indent);
        }

        private void AddText(string text)
        {
            _json.Append('"');
            foreach (var character in text)
            {
                _ = character switch
                {
                    '"' => _json.Append("\\\""),
                    '\\' => _json.Append("\\\\"),
                    '\n' => _json.Append("\\n"),
                    '\r' => _json.Append("\\r"),
                    '\t' => _json.Append("\\t"),
                    '\b' => _json.Append("\\b"),
                    '\f' => _json.Append("\\f"),
                    _ when character < ' ' || (isAscii && character > '~') =>
                        _json.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                    _ => _json.Append(character),
                };
            }
            _json.Append('"');
        }
    }
}
