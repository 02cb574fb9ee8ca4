using OrleansInference.Models.Templates;
using OrleansInference.Models.Templates.Values;

namespace OrleansInference.Models.Tests.Templates;

/// <summary>What is expected is what Jinja 3.1 makes of the same template, with Transformers' settings.</summary>
public sealed class TemplateTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 2, 8, 5, 9, TimeSpan.FromHours(1));

    private static readonly Dictionary<string, object?> s_variables = new()
    {
        ["a"] = 1L,
        ["b"] = 2.5,
        ["s"] = "Hello World",
        ["u"] = "héé😀x",
        ["l"] = new List<object?> { 3L, 1L, 2L },
        ["d"] = new Mapping { ["x"] = 1L, ["y"] = "two" },
        ["n"] = null,
        ["t"] = true,
        ["m"] = new List<object?> { Message("user", "A"), Message("assistant", "b"), Message("user", "C") },
    };

    [Theory]
    [InlineData("1 + 2 * 3 ** 2", "19")]
    [InlineData("-2 ** 2", "4")]
    [InlineData("2 ** 3 ** 2", "64")]
    [InlineData("10 - 3 - 2", "5")]
    [InlineData("-7 // 2", "-4")]
    [InlineData("-7 % 3", "2")]
    [InlineData("7.5 // 2", "3.0")]
    [InlineData("4 / 2", "2.0")]
    [InlineData("2 ** -1", "0.5")]
    [InlineData("1e20", "1e+20")]
    [InlineData("0.1 + 0.2", "0.30000000000000004")]
    [InlineData("1e-5", "1e-05")]
    [InlineData("100000.0", "100000.0")]
    [InlineData("2 ~ 3 * 2", "26")]
    [InlineData("'a' ~ 'b' == 'ab'", "True")]
    [InlineData("1 < 2 < 3", "True")]
    [InlineData("1 < 2 > 3", "False")]
    [InlineData("a == 1.0 and t == 1", "True")]
    [InlineData("not a == 1", "False")]
    [InlineData("'' or 'x'", "x")]
    [InlineData("'' and 'x'", "")]
    [InlineData("5 not in l and 'World' in s and 'x' in d", "True")]
    [InlineData("'x' in missing", "False")]
    [InlineData("s * 2", "Hello WorldHello World")]
    [InlineData("l + [4]", "[3, 1, 2, 4]")]
    [InlineData("'a' if t else 'b'", "a")]
    [InlineData("'a' if not t", "")]
    [InlineData("'a' if n else 'b' if t else 'c'", "b")]
    [InlineData("[1, 'a', none, true, 2.5, \"it's\"]", "[1, 'a', None, True, 2.5, \"it's\"]")]
    [InlineData("{'k': 'v', 1: [], }", "{'k': 'v', 1: []}")]
    [InlineData("'\\x41\\u00e9\\n\\d'", "Aé\n\\d")]
    [InlineData("\"a\" 'b'", "ab")]
    public void Render_WhenItReckons_DoesAsPython(string expression, string expected) => Evaluate(expression).ShouldBe(expected);

    [Theory]
    [InlineData("missing", "")]
    [InlineData("missing is defined", "False")]
    [InlineData("d.missing is undefined and n.missing is undefined", "True")]
    [InlineData("d.x is defined and d.x == 1", "True")]
    [InlineData("missing | default('q')", "q")]
    [InlineData("'' | default('q')", "")]
    [InlineData("'' | default('q', true)", "q")]
    [InlineData("n is none and n is not string and t is boolean and a is number and d is mapping", "True")]
    [InlineData("s is iterable and l is sequence and a is not iterable", "True")]
    [InlineData("9 is divisibleby 3", "True")]
    [InlineData("t is true and a is not true", "True")]
    [InlineData("1 if n is defined", "1")]
    [InlineData("n is string or a", "1")]
    public void Render_WhenItTests_KnowsWhatIsDefined(string expression, string expected) => Evaluate(expression).ShouldBe(expected);

    [Theory]
    [InlineData("l[0] ~ l[-1] ~ l[9]", "32")]
    [InlineData("l[1:] ~ l[:-1] ~ l[::-1]", "[1, 2][3, 1][2, 1, 3]")]
    [InlineData("s[1:4] ~ s[::-1]", "elldlroW olleH")]
    [InlineData("u | length", "5")]
    [InlineData("u[3] ~ u[2:4]", "😀é😀")]
    [InlineData("d.get('x') ~ d.get('z') ~ d.get('z', 'no')", "1Noneno")]
    [InlineData("d.keys() | list", "['x', 'y']")]
    [InlineData("m[0].role ~ m[-1]['content'] ~ m[m | length - 1].content", "userCC")]
    [InlineData("'  a b\t c '.split()", "['a', 'b', 'c']")]
    [InlineData("'  a b  c '.split(None, 1)", "['a', 'b  c ']")]
    [InlineData("'a,b,c'.split(',', 1)", "['a', 'b,c']")]
    [InlineData("'a,b,c'.rsplit(',', 1)", "['a,b', 'c']")]
    [InlineData("'a</think>\n\nb'.split('</think>')[-1].lstrip('\\n')", "b")]
    [InlineData("' a '.strip() ~ 'xxaxx'.strip('x')", "aa")]
    [InlineData("s.startswith(('X', 'H')) and s.endswith('ld')", "True")]
    [InlineData("s.replace('l', 'L', 1)", "HeLlo World")]
    [InlineData("'it\\'s o\\'clock' | title ~ 'it\\'s'.title()", "It's O'clockIt'S")]
    public void Render_WhenItTakesParts_TakesThem(string expression, string expected) => Evaluate(expression).ShouldBe(expected);

    [Theory]
    [InlineData("m | map(attribute='role') | join('-')", "user-assistant-user")]
    [InlineData("m | selectattr('role', 'equalto', 'user') | map(attribute='content') | list", "['A', 'C']")]
    [InlineData("m | rejectattr('role', '==', 'user') | list | length", "1")]
    [InlineData("l | select('odd') | list ~ (l | reject('odd') | list)", "[3, 1][2]")]
    [InlineData("n | selectattr('role') | list | length", "0")]
    [InlineData("l | sort ~ (l | sort(reverse=true))", "[1, 2, 3][3, 2, 1]")]
    [InlineData("['b', 'A', 'c'] | sort ~ (['b', 'A', 'c'] | sort(case_sensitive=true))", "['A', 'b', 'c']['A', 'b', 'c']")]
    [InlineData("l | first ~ (l | last) ~ (l | max) ~ (l | min) ~ (l | sum)", "32316")]
    [InlineData("['a', 'A', 'b'] | unique | list", "['a', 'b']")]
    [InlineData("' x ' | trim | upper | lower", "x")]
    [InlineData("'12' | int + ('x' | int(7)) + (3.99 | int)", "22")]
    [InlineData("2.567 | round(2)", "2.57")]
    [InlineData("-2.5 | abs", "2.5")]
    [InlineData("range(5, 0, -2) | list", "[5, 3, 1]")]
    [InlineData("'a\nb\n\nc' | indent(2)", "a\n  b\n\n  c")]
    [InlineData("d | tojson", "{\"x\": 1, \"y\": \"two\"}")]
    [InlineData("{'é': [1.0, none, true], 'q\"': {}} | tojson(indent=2)", "{\n  \"é\": [\n    1.0,\n    null,\n    true\n  ],\n  \"q\\\"\": {}\n}")]
    [InlineData("d | items | list | length ~ (d | dictsort | last | first)", "2y")]
    [InlineData("namespace(x=1).x ~ dict(a=1).a", "11")]
    [InlineData("strftime_now('%d %b %Y, %H:%M %A') ~ strftime_now('%-d')", "02 Nov 2026, 08:05 Monday2")]
    public void Render_WhenItFilters_DoesAsJinja(string expression, string expected) => Evaluate(expression).ShouldBe(expected);

    [Theory]
    [InlineData("{% for x in l %}{{ loop.index }}/{{ loop.length }}:{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "1/3:3, 2/3:1, 3/3:2")]
    [InlineData("{% for x in l if x > 1 %}{{ loop.index0 }}{{ x }}{% else %}none{% endfor %}", "0312")]
    [InlineData("{% for x in missing %}{{ x }}{% else %}none{% endfor %}", "none")]
    [InlineData("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "x=1;y=two;")]
    [InlineData("{% for x in l %}{{ loop.previtem }}|{{ loop.nextitem }}{{ loop.cycle('a', 'b') }} {% endfor %}", "|1a 3|2b 1|a ")]
    [InlineData("{% for x in range(9) %}{% if x == 2 %}{% continue %}{% elif x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}", "013")]
    [InlineData("{% set x = 1 %}{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x }}", "3121")]
    [InlineData("{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "6")]
    [InlineData("{% if t %}{% set q = 3 %}{% endif %}{{ q }}", "3")]
    [InlineData("{% set p, q = 1, 2 %}{{ q }}{{ p }}{% set x | upper %}a{{ s }}{% endset %}[{{ x }}]", "21[AHELLO WORLD]")]
    [InlineData("{% macro f(x, y='d') %}[{{ x }}{{ y }}{{ varargs | length }}{{ kwargs }}]{% endmacro %}{{ f(1) }}{{ f(y=2, z=3) }}", "[1d0{}][20{'z': 3}]")]
    [InlineData("{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "321")]
    [InlineData("{% set g = 5 %}{% macro f() %}{{ g }}{% endmacro %}{% set g = 6 %}{{ f() }}", "6")]
    [InlineData("{% macro f() %}<{{ caller(5) }}>{% endmacro %}{% call(v) f() %}body{{ v }}{% endcall %}", "<body5>")]
    [InlineData("{% filter upper %}abc {{ s }}{% endfilter %}{% generation %}g{% endgeneration %}", "ABC HELLO WORLDg")]
    [InlineData("{% raw %}{{ a }}{% if %}{% endraw %}{# {{ #}{{ '}}' }}{{ {'a': {'b': 1}}['a'] }}", "{{ a }}{% if %}}}{'b': 1}")]
    public void Render_WhenItHasStatements_DoesAsJinja(string template, string expected) => Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("{% for x in [1, 2] %}\n  {{ x }}\n{% endfor %}\nend\n", "  1\n  2\nend")]
    [InlineData("  {% if a %}\n  yes\n  {% endif %}\n  after", "  yes\n  after")]
    [InlineData("x  {%- if a -%}  yes  {%- endif -%}  y", "xyesy")]
    [InlineData("x  {%+ if a +%}\n  yes  {%+ endif +%}\n  y", "x  \n  yes  \n  y")]
    [InlineData("a {# c #} b\n{# line #}\nc {#- x -#} d", "a  b\ncd")]
    [InlineData("{{- a -}}  x  {{ a -}}\n y {{- a }}", "1x  1y1")]
    [InlineData("l1\r\n{% if a %}\r\nx\r\n{% endif %}\r\n\r\n", "l1\nx\n")]
    [InlineData("   {{ a }}\n   {% set q = 1 %}   \n  z", "   1\n   \n  z")]
    [InlineData("{% if a %}x{% endif %}\n\n{% if a %}y{% endif %}\n", "x\ny")]
    public void Render_WhenThereIsWhiteSpaceAroundTags_KeepsWhatJinjaKeeps(string template, string expected) =>
        Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("\n{{ missing.x }}", "line 2: 'missing' is undefined")]
    [InlineData("{{ d.x.y.z }}", "line 1: 'y' is undefined")]
    [InlineData("{{ missing() }}", "line 1: 'missing' is undefined")]
    [InlineData("{{ a() }}", "line 1: an integer cannot be called")]
    [InlineData("{{ 1 + 'a' }}", "line 1: '+' cannot take an integer and a string")]
    [InlineData("{{ 1 // 0 }}", "line 1: a division by zero")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "line 1: the result of '+' is too large")]
    [InlineData("{{ l.append(4) }}", "line 1: 'append' is undefined")]
    [InlineData("{{ s | nosuch }}", "line 1: the filter 'nosuch' is not supported")]
    [InlineData("{{ s is nosuch }}", "line 1: the test 'nosuch' is not supported")]
    [InlineData("{% set a.b = 1 %}", "line 1: 'a.b' cannot be set: 'a' is an integer, not a namespace")]
    [InlineData("{% for p, q in [[1]] %}{% endfor %}", "line 1: 1 values cannot be given to 2 variables")]
    public void Render_WhenAnOperationCannotBeDone_SaysWhyAndWhere(string template, string description) =>
        Should.Throw<TemplateException>(() => Render(template)).Description.ShouldBe(description);

    [Theory]
    [InlineData("a\n{{ a", "line 2: a tag is not closed: '}}' is missing")]
    [InlineData("{# a", "line 1: a comment is not closed: '#}' is missing")]
    [InlineData("{% raw %}", "line 1: 'raw' is not ended: 'endraw' is missing")]
    [InlineData("{{ 'a }}", "line 1: a string is not closed: ' is missing")]
    [InlineData("{{ a b }}", "line 1: 'b' stands where '}}' is expected")]
    [InlineData("{{ 1 + }}", "line 1: '}}' stands where an expression is expected")]
    [InlineData("{{ (1 + }}", "line 1: a tag is not closed: '}}' is missing")]
    [InlineData("{% if a %}x", "line 1: the end of the template stands where 'endif' is expected")]
    [InlineData("\n{% endif %}", "line 2: the statement 'endif' is not expected or not supported")]
    [InlineData("{% include 'x' %}", "line 1: the statement 'include' is not expected or not supported")]
    [InlineData("{% for x in l recursive %}{% endfor %}", "line 1: a loop that is 'recursive' is not supported")]
    [InlineData("{{ a ? b }}", "line 1: '?' is not expected in a tag")]
    public void Parse_WhenTheTemplateIsBroken_SaysWhyAndWhere(string template, string description) =>
        Should.Throw<TemplateException>(() => Template.Parse(template)).Description.ShouldBe(description);

    /// <summary>A template comes with a model, from anywhere.</summary>
    [Theory]
    [InlineData("{{ range(1000000) }}", "range()")]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "too many steps")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nested too deeply")]
    [InlineData("{{ 'abcd' * 9999999 }}", "too long")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "characters")]
    [InlineData("{% set x = 'a' * 9999999 %}{{ x }}{{ x }}", "characters")]
    public void Render_WhenTheTemplateDoesTooMuch_Stops(string template, string reason) =>
        Should.Throw<TemplateException>(() => Render(template)).Message.ShouldContain(reason);

    /// <summary>Without the bound, the process ends.</summary>
    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("[", "", "]")]
    [InlineData("not ", "1", "")]
    [InlineData("-", "1", "")]
    [InlineData("1+", "1", "")]
    [InlineData("", "s", "|trim")]
    [InlineData("", "s", "[0]")]
    [InlineData("1 if 1 else ", "1", "")]
    public void Render_WhenExpressionsAreNestedTooDeeply_Refuses(string before, string inner, string after)
    {
        var nested = string.Concat(Enumerable.Repeat(before, 40_000)) + inner + string.Concat(Enumerable.Repeat(after, 40_000));
        Exception? thrown = null;
        var small = new Thread(() => thrown = Record.Exception(() => Evaluate(nested)), maxStackSize: 1 << 20);

        small.Start();
        small.Join();

        thrown.ShouldBeOfType<TemplateException>().Message.ShouldContain("nested too deeply");
    }

    private static Mapping Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private static string Evaluate(string expression) => Render("{{ " + expression + " }}");

    private static string Render(string template) => Template.Parse(template).Render(s_variables, s_now);
}
