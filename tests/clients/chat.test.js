import assert from "node:assert/strict";
import { test } from "node:test";
import { client, collect, greedy, model, patience } from "./setup.js";

test("models: the served model is listed and can be asked for", patience, async () => {
  const ids = [];
  for await (const entry of client.models.list()) ids.push(entry.id);
  assert.ok(ids.includes(model), `${model} is not among ${ids}`);
  assert.equal((await client.models.retrieve(model)).object, "model");
});

test("chat: an answer has text, a finish reason and a usage that adds up", patience, async () => {
  const answer = await client.chat.completions.create(greedy());
  assert.match(answer.id, /^chatcmpl-/);
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.model, model);
  const [choice] = answer.choices;
  assert.equal(choice.message.role, "assistant");
  assert.ok(choice.message.content.length > 0);
  assert.ok(["stop", "length"].includes(choice.finish_reason));
  assert.ok(answer.usage.prompt_tokens > 0);
  assert.ok(answer.usage.completion_tokens > 0 && answer.usage.completion_tokens <= 40);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test("chat: a stream says the same as one answer, and ends with the same usage", patience, async () => {
  const answer = await client.chat.completions.create(greedy());
  const seen = await collect(await client.chat.completions.create(greedy({ stream: true, stream_options: { include_usage: true } })));
  assert.equal(seen.text, answer.choices[0].message.content);
  assert.equal(seen.finish, answer.choices[0].finish_reason);
  assert.deepEqual(seen.usage, answer.usage);
  assert.ok(seen.chunks > 2);
});

test("chat: a stop text ends the answer and is not part of it", patience, async () => {
  const whole = (await client.chat.completions.create(greedy())).choices[0].message.content;
  const stop = whole.slice(Math.floor(whole.length / 2), Math.floor(whole.length / 2) + 3);
  for (const form of [stop, [stop, "never said"]]) {
    const cut = await client.chat.completions.create(greedy({ stop: form }));
    assert.equal(cut.choices[0].message.content, whole.slice(0, whole.indexOf(stop)));
    assert.equal(cut.choices[0].finish_reason, "stop");
  }
  const seen = await collect(await client.chat.completions.create(greedy({ stop, stream: true })));
  assert.equal(seen.text, whole.slice(0, whole.indexOf(stop)));
});

test("chat: max_completion_tokens ends the answer with 'length'", patience, async () => {
  const answer = await client.chat.completions.create({ ...greedy({ max_tokens: undefined }), max_completion_tokens: 3 });
  assert.equal(answer.choices[0].finish_reason, "length");
  assert.equal(answer.usage.completion_tokens, 3);
});

test("chat: the same seed draws the same answer, several choices draw their own", patience, async () => {
  const ask = () => client.chat.completions.create(greedy({ temperature: 1, seed: 7, n: 3 }));
  const texts = (answer) => answer.choices.map((choice) => choice.message.content);
  const [first, second] = [await ask(), await ask()];
  assert.deepEqual(first.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.deepEqual(texts(first), texts(second));
  assert.ok(new Set(texts(first)).size > 1);
});

test("chat: log probabilities name each token of the text", patience, async () => {
  const answer = await client.chat.completions.create(greedy({ max_tokens: 8, logprobs: true, top_logprobs: 3 }));
  const tokens = answer.choices[0].logprobs.content;
  const bytes = Buffer.from(tokens.flatMap((token) => token.bytes));
  assert.ok(bytes.toString("utf8").startsWith(answer.choices[0].message.content));
  for (const token of tokens) {
    assert.ok(token.logprob <= 0);
    assert.equal(token.top_logprobs.length, 3);
    // Greedy: nothing is likelier than what was said.
    assert.ok(token.top_logprobs.every((other) => other.logprob <= token.logprob + 1e-4));
  }
});

test("chat: what was said before is remembered", patience, async () => {
  const first = await client.chat.completions.create(greedy());
  const second = await client.chat.completions.create(greedy({
    messages: [...greedy().messages, first.choices[0].message, { role: "user", content: [{ type: "text", text: "Tell me more." }] }],
  }));
  assert.ok(second.usage.prompt_tokens > first.usage.total_tokens - first.usage.completion_tokens);
  assert.ok(second.choices[0].message.content.length > 0);
});

test("completions: a prompt is continued, and echoed when asked to", patience, async () => {
  const body = { model, prompt: "Once upon a time", temperature: 0, max_tokens: 8 };
  const answer = await client.completions.create(body);
  const text = answer.choices[0].text;
  assert.ok(text.length > 0);
  const seen = await collect(await client.completions.create({ ...body, stream: true }));
  assert.equal(seen.text, text);
  const echoed = await client.completions.create({ ...body, echo: true });
  assert.equal(echoed.choices[0].text, body.prompt + text);
});
