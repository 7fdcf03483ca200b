/** Requests that are longer than a model can read: told as such, shortened, and answered. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, run, tool } from 'troupe';
import { contextOverflow } from '../../../src/gateway/fitting/overflow.ts';
import { double } from '../doubles/double.ts';
import { wires } from '../outgoing/wires.ts';

const said: readonly [string, number | undefined, { limit?: number; sent?: number }][] = [
  [
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 250000 tokens.",
    400,
    { limit: 128000, sent: 250000 },
  ],
  ['Your input exceeds the context window of this model. Please adjust your input and try again.', 400, {}],
  [
    'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300123 tokens.',
    400,
    { limit: 272000, sent: 300123 },
  ],
  ['prompt is too long: 210000 tokens > 200000 maximum', 400, { limit: 200000, sent: 210000 }],
  [
    'input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease input length',
    400,
    { limit: 200000, sent: 238167 },
  ],
  [
    'The input token count (337807) exceeds the maximum number of tokens allowed (65536).',
    400,
    { limit: 65536, sent: 337807 },
  ],
  ['The input token count exceeds the maximum number of tokens allowed 1048576.', 400, { limit: 1048576 }],
  ['the request exceeds the available context size. try increasing the context size or enable context shift', 400, {}],
  [
    'request (131168 tokens) exceeds the available context size (131072 tokens), try increasing it',
    400,
    { limit: 131072, sent: 131168 },
  ],
  ['input length exceeds maximum context length', 500, {}],
  [
    'The decoder prompt (length 9000) is longer than the maximum model length of 8192. Make sure that `max_model_len` is no smaller',
    400,
    { limit: 8192, sent: 9000 },
  ],
  [
    "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion).",
    400,
    { limit: 16384, sent: 122946 },
  ],
  [
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    400,
    { limit: 32768, sent: 40000 },
  ],
  [
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    400,
    { limit: 131072, sent: 537812 },
  ],
  ['too many tokens: total number of tokens in the prompt cannot exceed 4081', 400, { limit: 4081 }],
  [
    'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    400,
    { limit: 4096, sent: 9000 },
  ],
  ['Your request exceeded model token limit: 262144', 400, { limit: 262144 }],
  ['Range of input length should be [1, 129024]', 400, {}],
  ['Input is too long for requested model.', 400, {}],
  ['Please reduce the length of the messages or completion.', 400, {}],
  [
    "Invalid 'messages[2].content': string too long. Expected a string with maximum length 1048576",
    400,
    { limit: 1048576 },
  ],
  [
    'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 250000. The input or output tokens must be reduced',
    429,
    { limit: 30000, sent: 250000 },
  ],
  [
    'prompt is too long: 21000 tokens > 5000 maximum; {"error":{"code":400,"message":"…"}}',
    400,
    { limit: 5000, sent: 21000 },
  ],
  ['', 413, {}],
];

test.each(said)('%s', (words, status, sizes) => {
  expect(contextOverflow(words, status)).toMatchObject(sizes);
});

test.each([
  [
    'Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.',
    429,
  ],
  [
    'You exceeded your current quota. Quota exceeded for metric: generate_content_free_tier_input_token_count, limit: 250000',
    429,
  ],
  ['max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens', 400],
  ["Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40.", 400],
  ['Incorrect API key provided', 401],
  ['The model `x` does not exist', 404],
  ['Internal server error', 500],
])('something else: %s', (words, status) => {
  expect(contextOverflow(words, status)).toBeUndefined();
});

const read = (size: number) =>
  tool({
    name: 'read',
    description: 'Reads.',
    input: z.object({}),
    output: z.string(),
    run: () => `BEGIN ${'0123456789 👍 '.repeat(size / 14)} END`,
  });

describe.each(Object.entries(wires))('%s', (_, { wire, open }) => {
  test.each([
    ['with figures', 200_000, 'The input token count (400000) exceeds the maximum number of tokens allowed (131072).'],
    ['without figures', 120_000, 'the request exceeds the available context size. try increasing the context size'],
    [
      'with a small window',
      30_000,
      "This model's maximum context length is 8192 tokens. However, you requested 250000 tokens.",
    ],
  ])('one result that is too long is shortened, and the next request is taken: %s', async (_name, limit, words) => {
    const tooLong = (body: object) => JSON.stringify(body).length > limit;
    const server = double(wire, [
      { calls: [{ name: 'read', arguments: '{}' }] },
      (body) => (tooLong(body) ? { refuse: words } : { text: 'Read.' }),
    ]);
    const model = await open({ fetch: server.fetch });
    const reader = agent({ name: 'a', model, tools: [read(896_000)] });
    await expect(run(reader, 'go', { db: 'memory', gateway: { retry: { times: 1 } } })).resolves.toBe('Read.');
    expect(server.requests).toHaveLength(3);
    const last = JSON.stringify(server.requests[2]);
    expect(last).toMatch(/BEGIN .*shortened: about \d+ of 8\d+ characters.* END/);
    expect(last.includes('\uFFFD')).toBe(false);
  });

  test('what a model cannot read is not sent to it again, and what cannot be shortened fails by name', async () => {
    let calls = 0;
    const server = double(wire, [
      (body) => {
        if (JSON.stringify(body).length > 100_000)
          return { refuse: 'prompt is too long: 210000 tokens > 50000 maximum' };
        return calls++ < 3 ? { calls: [{ name: 'read', arguments: '{}' }] } : { text: 'Read.' };
      },
    ]);
    const model = await open({ fetch: server.fetch });
    const options = { db: 'memory', gateway: { retry: { times: 3, backoff: 1 } } } as const;
    await expect(run(agent({ name: 'a', model, tools: [read(308_000)] }), 'go', options)).resolves.toBe('Read.');
    expect(server.refusals).toHaveLength(1);
    const before = server.requests.length;
    await expect(run(agent({ name: 'b', model }), 'x'.repeat(200_000), options)).rejects.toMatchObject({
      kind: 'model',
    });
    expect(server.requests.length - before).toBe(1);
  });
});
