import OpenAI from "openai";

const base = process.env.BASE_URL;
if (!base) throw new Error("BASE_URL is missing: the gateway's address, such as BASE_URL=http://127.0.0.1:8080 npm test.");

/** The gateway's address without a slash at its end. */
export const gateway = base.replace(/\/+$/, "");

export const model = process.env.MODEL ?? "pebble";

/** Nothing here may take longer, on the slowest machine that runs the tests. */
export const patience = { timeout: 120_000 };

/** No retries: a test wants to see the first answer. */
export const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: "none", maxRetries: 0, timeout: patience.timeout });

export const story = [{ role: "user", content: "Tell me a story." }];

/** A chat that always comes out the same. */
export const greedy = (more = {}) => ({ model, messages: story, temperature: 0, max_tokens: 40, ...more });

/** The text, the finish reason and the usage of a stream. */
export async function collect(stream) {
  const seen = { text: "", chunks: 0, finish: null, usage: null };
  for await (const chunk of stream) {
    seen.chunks++;
    seen.text += chunk.choices[0]?.delta?.content ?? chunk.choices[0]?.text ?? "";
    seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
    seen.usage = chunk.usage ?? seen.usage;
  }
  return seen;
}

/** Waits until a condition holds; fails after a deadline. */
export async function until(condition, what) {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
