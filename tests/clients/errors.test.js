import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { client, gateway, greedy, model, patience, until } from "./setup.js";

/** The error that a call ends with. */
async function failure(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  assert.fail("no error came");
}

test("errors: a wrong field is a BadRequestError that names it", patience, async () => {
  const error = await failure(client.chat.completions.create(greedy({ temperature: 3 })));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.status, 400);
  assert.equal(error.param, "temperature");
  assert.equal(error.type, "invalid_request_error");
});

test("errors: an unsupported feature is a BadRequestError that names it", patience, async () => {
  const tools = [{ type: "function", function: { name: "weather", parameters: {} } }];
  const error = await failure(client.chat.completions.create(greedy({ tools, stream: true })));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.param, "tools");
});

test("errors: an unknown model is a NotFoundError", patience, async () => {
  const error = await failure(client.chat.completions.create(greedy({ model: "no-such-model" })));
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.equal(error.code, "model_not_found");
});

test("errors: a prompt beyond the context is refused before work starts", patience, async () => {
  const messages = [{ role: "user", content: "once upon a time ".repeat(20_000) }];
  const error = await failure(client.chat.completions.create(greedy({ messages })));
  assert.equal(error.status, 400);
  assert.equal(error.code, "context_length_exceeded");
});

test("errors: a body beyond the limit is refused with 413", patience, async () => {
  const error = await failure(client.chat.completions.create(greedy({ messages: [{ role: "user", content: "a".repeat(2_000_000) }] })));
  assert.equal(error.status, 413);
});

test("abort: a client that leaves mid-stream frees its place", patience, async () => {
  const completions = async () => {
    const counts = (await (await fetch(`${gateway}/admin/topology`)).json()).gateway;
    return counts.waiting_completions + counts.running_completions;
  };
  const controller = new AbortController();
  const stream = await client.chat.completions.create(
    greedy({ max_tokens: 200, stream: true }), { signal: controller.signal });
  let chunks = 0;
  for await (const _ of stream) {
    if (++chunks === 2) controller.abort();
  }
  assert.ok(chunks >= 2);
  await until(async () => (await completions()) === 0, "the gateway has no completion left");
  const answer = await client.chat.completions.create(greedy({ max_tokens: 4, model }));
  assert.ok(answer.choices[0].message.content.length > 0);
});
