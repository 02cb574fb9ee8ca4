using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Templates.Library;

/// <summary>Jinja's tests.</summary>
internal static class Tests
{
    /// <exception cref="TemplateException">There is no such test, or the value cannot be put to it.</exception>
    public static bool Holds(string name, object? value, Arguments arguments) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "true" => value is true,
        "false" => value is false,
        "boolean" => value is bool,
        "string" => value is string,
        "number" => Value.IsNumber(value),
        "integer" => value is long,
        "float" => value is double,
        "mapping" => value is Mapping,
        "sequence" or "iterable" => value is string or IReadOnlyList<object?> or Mapping or Undefined,
        "callable" => value is Function,
        "odd" => Value.ToInteger(value) % 2 != 0,
        "even" => Value.ToInteger(value) % 2 == 0,
        "divisibleby" => Value.IsTrue(Value.AreEqual(Arithmetic.Modulo(value, arguments.Require(0, "num")), 0L)),
        "lower" => StringMethods.IsLower(PythonText.Of(value)),
        "upper" => StringMethods.IsUpper(PythonText.Of(value)),
        "in" => Value.Contains(arguments.Require(0, "seq"), value),
        "sameas" => value is string or long or double ? Value.AreEqual(value, arguments.Require(0, "other"))
            : Equals(value, arguments.Require(0, "other")),
        "eq" or "equalto" or "==" => Value.AreEqual(value, arguments.Require(0, "other")),
        "ne" or "!=" => !Value.AreEqual(value, arguments.Require(0, "other")),
        "lt" or "lessthan" or "<" => Value.Compare(value, arguments.Require(0, "other")) < 0,
        "le" or "<=" => Value.Compare(value, arguments.Require(0, "other")) <= 0,
        "gt" or "greaterthan" or ">" => Value.Compare(value, arguments.Require(0, "other")) > 0,
        "ge" or ">=" => Value.Compare(value, arguments.Require(0, "other")) >= 0,
        _ => throw new TemplateException($"the test '{name}' is not supported"),
    };
}
