using OrleansInference.DataPlane.Generation;
using OrleansInference.Silo.Engines.LlamaCpp;
using OrleansInference.Silo.Engines.LlamaCpp.Interop;

namespace OrleansInference.Silo.Tests.Engines;

/// <summary>Against llama.cpp's own templates, by name.</summary>
public sealed class ChatContentFinderTests
{
    private static readonly ChatMessage[] s_chat =
        [new("system", " Be kind. "), new("user", "\nfirst <|eot_id|> "), new("assistant", "answer\n"), new("user", "first")];

    [Theory]
    [InlineData("chatml")]
    [InlineData("llama3")]
    [InlineData("phi3")]
    [InlineData("gemma")]
    [InlineData("mistral-v7")]
    [InlineData("zephyr")]
    [InlineData("deepseek3")]
    public void Find_WhenTheTemplateKeepsOrTrimsContents_FindsEachOfThem(string template)
    {
        Natives.Load();
        var text = Vocabulary.ApplyTemplate(template, s_chat).ShouldNotBeNull();
        var marked = Vocabulary.ApplyTemplate(template, ChatContentFinder.Mark(s_chat)).ShouldNotBeNull();

        var contents = ChatContentFinder.Find(s_chat, marked, text).ShouldNotBeNull();

        contents.Select(range => text[range].Trim()).ShouldBe(s_chat.Select(message => message.Content.Trim()));
    }

    [Fact]
    public void Find_WhenATextIsNotTheMarkedOne_FindsNothing()
    {
        ChatMessage[] chat = [new("user", "a")];

        ChatContentFinder.Find(chat, "<\u00010\u0001>", "<A>").ShouldBeNull();
        ChatContentFinder.Find(chat, "<\u00010\u0001>", "<a>>").ShouldBeNull();
        ChatContentFinder.Find(chat, "<\u00015\u0001>", "<a>").ShouldBeNull();
        ChatContentFinder.Find(chat, "<\u0001>", "<a>").ShouldBeNull();
        ChatContentFinder.Find(chat, "<\u00010\u0001>", "<a>").ShouldNotBeNull().ShouldHaveSingleItem().ShouldBe(1..2);
    }

    [Fact]
    public void ApplyTemplate_WhenItIsNotOnTheList_GivesNothing()
    {
        Natives.Load();

        Vocabulary.ApplyTemplate("{{ something else }}", s_chat).ShouldBeNull();
    }
}
