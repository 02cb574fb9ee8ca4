using OrleansInference.Models.Templates;

namespace OrleansInference.Models.Tests.Templates;

public sealed class ChatTemplateTests
{
    private static readonly ChatTemplateMessage[] s_chat =
        [new("system", "Be kind."), new("user", "Hi"), new("assistant", "Hello."), new("user", "Bye")];

    /// <summary>As models of the kind write it: with a default for the system message.</summary>
    [Fact]
    public void Render_WhenTheTemplateHasADefaultSystemMessage_WritesItWhereThereIsNone()
    {
        var template = Parse(
            """
            {%- if messages[0]['role'] == 'system' %}
                {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
            {%- else %}
                {{- '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}
            {%- endif %}
            {%- for message in messages %}
                {%- if (message.role == "user") or (message.role == "system" and not loop.first) or message.role == "assistant" %}
                    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- '<|im_start|>assistant\n' }}
            {%- endif %}

            """);

        Render(template, s_chat[1..2]).ShouldBe(
            "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
        Render(template, s_chat[..2]).ShouldBe(
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    }

    /// <summary>As TinyLlama and Zephyr have it, Phi-4-mini, and Mistral Small.</summary>
    [Theory]
    [InlineData(
        """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>\n' + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """,
        "<|system|>\nBe kind.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello.</s>\n<|user|>\nBye</s>\n<|assistant|>\n")]
    [InlineData(
        "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}",
        "<|system|>Be kind.<|end|><|user|>Hi<|end|><|assistant|>Hello.<|end|><|user|>Bye<|end|><|assistant|>")]
    [InlineData(
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST]' + message['content'] + '[/INST]' }}"
        + "{% elif message['role'] == 'system' %}{{ '[SYSTEM_PROMPT]' + message['content'] + '[/SYSTEM_PROMPT]' }}"
        + "{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}",
        "<s>[SYSTEM_PROMPT]Be kind.[/SYSTEM_PROMPT][INST]Hi[/INST]Hello.</s>[INST]Bye[/INST]")]
    public void Render_WhenTheChatHasTurns_WritesThemAsTheTemplateSays(string source, string expected) =>
        Render(Parse(source), s_chat).ShouldBe(expected);

    [Fact]
    public void Render_WhenTheTemplateWritesTheTokensOfBeginAndEnd_TakesTheVocabularysTexts()
    {
        var template = Parse("{{ bos_token }}{% for m in messages %}{{ m.content + eos_token }}{% endfor %}");

        Render(template, s_chat[1..2]).ShouldBe("<s>Hi</s>");
    }

    [Fact]
    public void Render_WhenTheTemplateTellsTheDate_TellsTheGivenOne()
    {
        var template = Parse("{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}");

        Render(template, s_chat).ShouldBe("22 Nov 2026");
    }

    [Theory]
    [InlineData("{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}[{{ m.content }}]{% endfor %}")]
    [InlineData("{% for m in messages %}{% if m.role != 'system' %}[{{ m.content }}]{% endif %}{% endfor %}")]
    public void Render_WhenTheTemplateTakesNoSystemMessage_PutsItBeforeTheUsers(string source)
    {
        Render(Parse(source), s_chat).ShouldBe("[Be kind.\n\nHi][Hello.][Bye]");
        Render(Parse(source), s_chat[1..]).ShouldBe("[Hi][Hello.][Bye]");
    }

    [Fact]
    public void Render_WhenTheTemplateRefusesTheMessages_SaysWhatItSays()
    {
        var template = Parse(
            """
            {% for m in messages %}
            {% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate.') }}{% endif %}
            {{ m.content }}
            {% endfor %}
            """);

        var exception = Should.Throw<TemplateException>(() => Render(template, [s_chat[1], s_chat[3]]));

        exception.IsRaised.ShouldBeTrue();
        exception.Description.ShouldBe("Roles must alternate.");
        Render(template, s_chat[1..3]).ShouldBe("Hi\nHello.\n");
    }

    [Fact]
    public async Task Render_WhenManyThreadsUseIt_GivesEachItsOwn()
    {
        var template = Parse("{% set ns = namespace(t='') %}{% for m in messages %}{% set ns.t = ns.t ~ m.content %}{% endfor %}{{ ns.t }}");

        await Parallel.ForAsync(0, 500, (number, _) =>
        {
            Render(template, [new("user", $"{number}"), new("assistant", "-")]).ShouldBe($"{number}-");
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>As Qwen3 has it.</summary>
    [Theory]
    [InlineData("{}", "Hi<assistant>")]
    [InlineData("""{"enable_thinking": true}""", "Hi<assistant>")]
    [InlineData("""{"enable_thinking": false}""", "Hi<assistant><think>\n\n</think>\n\n")]
    [InlineData("""{"enable_thinking": true, "enable_thinking": false}""", "Hi<assistant><think>\n\n</think>\n\n")]
    [InlineData("""{"messages": [], "bos_token": "no"}""", "Hi<assistant>")]
    public void Render_WhenTheTemplateIsToldMore_HeedsWhatItKnows(string arguments, string expected)
    {
        var template = Parse(
            """
            {%- for message in messages %}
                {{- message.content }}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- '<assistant>' }}
                {%- if enable_thinking is defined and enable_thinking is false %}
                    {{- '<think>\n\n</think>\n\n' }}
                {%- endif %}
            {%- endif %}
            """);

        Render(template, s_chat[1..2], arguments).ShouldBe(expected);
    }

    [Theory]
    [InlineData("null", "none")]
    [InlineData("1.5", "1.5")]
    [InlineData("12", "12")]
    [InlineData("true", "True")]
    [InlineData("\"a\"", "a")]
    [InlineData("[1, [\"b\"], {\"c\": null}]", "[1, ['b'], {'c': None}]")]
    public void Render_WhenAnArgumentIsOfAnyKind_ReckonsWithIt(string argument, string expected) =>
        Render(Parse("{{ 'none' if x is none else x }}"), s_chat, $$"""{"x": {{argument}}}""").ShouldBe(expected);

    [Theory]
    [InlineData("[1]")]
    [InlineData("1")]
    [InlineData("{")]
    [InlineData("{\"a\": \"\\ud800\"}")]
    public void Parse_WhenArgumentsAreNoObject_SaysSo(string arguments) =>
        Should.Throw<TemplateException>(() => TemplateArguments.Parse(arguments)).Message.ShouldContain("no JSON object");

    private static ChatTemplate Parse(string source) => new(source, "<s>", "</s>");

    private static string Render(ChatTemplate template, IReadOnlyList<ChatTemplateMessage> messages, string arguments = "{}") =>
        template.Render(messages, new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero), TemplateArguments.Parse(arguments));
}
