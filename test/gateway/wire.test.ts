/** Every provider over HTTP, against an independent mock of its server: requests, failures, and our handling of them. */
import { LLMock } from '@copilotkit/aimock';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gateway } from '../../src/gateway/gateway.ts';
import type { GatewayOptions } from '../../src/gateway/gatewayOptions.ts';
import type { ModelPart, ModelRequest } from '../../src/contracts/model.ts';
import type { Failure } from '../../src/values/failure.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { deferred } from '../deferred.ts';
import { systemClock } from '../../src/engine/clock.ts';

const key = 'sk-canary-7d1f0c/+secret';
const mock = new LLMock({ port: 0, logLevel: 'silent' });
beforeAll(() => mock.start());
afterAll(() => mock.stop());
afterEach(() => void mock.reset());

const models: Record<string, { model: string; path: string }> = {
  anthropic: { model: 'anthropic:claude-sonnet-4-5', path: '/v1' },
  openai: { model: 'openai:gpt-4o-mini', path: '/v1' },
  google: { model: 'google:gemini-2.5-flash', path: '/v1beta' },
  'openai-compatible': { model: 'openai-compatible:local', path: '/v1' },
  ollama: { model: 'ollama:llama3.2', path: '/v1' },
};

const env = {
  ANTHROPIC_API_KEY: key,
  OPENAI_API_KEY: key,
  GOOGLE_GENERATIVE_AI_API_KEY: key,
  OPENAI_COMPATIBLE_API_KEY: key,
};
const scope = () => ({ key: 'k', signal: new AbortController().signal, deadline: undefined });
const ask = (text: string): ModelRequest => ({
  instructions: 'Be brief.',
  messages: [{ role: 'user', text }],
  tools: [
    {
      name: 'look',
      description: 'Looks.',
      input: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
    },
  ],
});
const refusal = (kind: string) => expect.objectContaining({ name: 'TroupeError', kind }) as unknown;

describe.each(Object.entries(models))('%s', (provider, { model, path }) => {
  const open = (over: Partial<GatewayOptions> = {}) =>
    gateway({
      clock: systemClock(),
      env,
      baseUrls: { [provider]: `${mock.url}${path}` },
      retry: { times: 3, backoff: 1 },
      ...over,
    });
  // Gemini has no finish reason of its own for tool calls.
  const stop = provider === 'google' ? { finishReason: 'stop' } : {};

  test('a text answer has its usage', async () => {
    mock.onMessage('hello', {
      content: 'Good day to you.',
      usage: {
        prompt_tokens: 11,
        completion_tokens: 4,
        input_tokens: 11,
        output_tokens: 4,
        total_tokens: 15,
        promptTokenCount: 11,
        candidatesTokenCount: 4,
        totalTokenCount: 15,
      },
    });
    const answer = await open().answer(model, ask('hello'), scope());
    expect(answer).toMatchObject({ text: 'Good day to you.', calls: [], reason: 'stop', model });
    expect(answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 4, reported: true });
  });

  test('a text is streamed in parts', async () => {
    mock.on({ userMessage: 'hello' }, { content: 'one two three four five six' }, { chunkSize: 4 });
    const parts: ModelPart[] = [];
    for await (const part of open().stream(model, ask('hello'), scope())) parts.push(part);
    const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    expect(texts.length).toBeGreaterThan(2);
    expect(texts.join('')).toBe('one two three four five six');
    expect(parts.at(-1)!.type).toBe('finish');
  });

  test('a tool call has its arguments, and its result is sent back', async () => {
    mock.on(
      { userMessage: 'look', hasToolResult: false },
      { toolCalls: [{ name: 'look', arguments: '{"at":"shelf"}', id: 'call_1' }], ...stop },
    );
    mock.on({ userMessage: 'look', hasToolResult: true }, { content: 'There are apples.' });
    const underTest = open();
    const first = await underTest.answer(model, ask('look'), scope());
    expect(first.calls).toMatchObject([{ name: 'look', input: { at: 'shelf' } }]);
    const [call] = first.calls;
    const second = await underTest.answer(
      model,
      {
        ...ask('look'),
        messages: [
          ...ask('look').messages,
          { role: 'assistant', text: '', calls: [call!] },
          { role: 'tool', results: [{ id: call!.id, name: 'look', ok: true, content: 'apples' }] },
        ],
      },
      scope(),
    );
    expect(second.text).toBe('There are apples.');
  });

  test('one answer can have several tool calls', async () => {
    mock.onMessage('look', {
      toolCalls: ['a', 'b', 'c'].map((at, n) => ({ name: 'look', arguments: JSON.stringify({ at }), id: `call_${n}` })),
      ...stop,
    });
    const { calls } = await open().answer(model, ask('look'), scope());
    expect(calls.map(({ input }) => (input as { at: string }).at)).toEqual(['a', 'b', 'c']);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
  });

  test('arguments that are not JSON are passed on as unreadable', async () => {
    mock.onMessage('look', { toolCalls: [{ name: 'look', arguments: '{"at": she', id: 'call_1' }], ...stop });
    const outcome = await open({ retry: { times: 1 } })
      .answer(model, ask('look'), scope())
      .then(
        ({ calls }) => calls,
        (thrown: Failure) => thrown,
      );
    // A provider that sends parsed arguments cannot send them: that is reported as its failure.
    if (Array.isArray(outcome))
      expect(
        outcome.length === 0 || outcome[0]!.unreadable !== undefined || typeof outcome[0]!.input === 'object',
      ).toBe(true);
    else expect(outcome).toMatchObject({ name: 'TroupeError' });
  });

  test('a busy server is called again after the time that it gives', async () => {
    const clock = virtualClock();
    let tries = 0;
    mock.onMessage('hello', () =>
      tries++ === 0
        ? { error: { message: 'slow down', type: 'rate_limit' }, status: 429, retryAfter: 7 }
        : { content: 'Now.' },
    );
    const pauses: (number | undefined)[] = [];
    const failureReported = deferred();
    const underTest = open({ clock, onFailure: (_, __, pause) => (pauses.push(pause), failureReported.resolve()) });
    const answer = underTest.answer(model, ask('hello'), scope());
    await failureReported.promise;
    expect(pauses).toEqual([7_000]);
    await new Promise((turn) => setImmediate(turn));
    clock.advance(7_000);
    expect((await answer).text).toBe('Now.');
    expect(tries).toBe(2);
  });

  test('a failing server is called three times, then the next model answers', async () => {
    let tries = 0;
    mock.onMessage('hello', () => (tries++, { error: { message: 'boom' }, status: 500 }));
    const other = {
      id: 'scripted:other',
      async *stream(): AsyncGenerator<ModelPart> {
        yield { type: 'text', text: 'I am here.' };
        yield {
          type: 'finish',
          reason: 'stop',
          usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
          model: 'scripted:other',
        };
      },
    };
    const answer = await open().answer([model, other], ask('hello'), scope());
    expect([answer.text, answer.model, tries]).toEqual(['I am here.', 'scripted:other', 3]);
    await expect(open({ retry: { times: 2, backoff: 1 } }).answer(model, ask('hello'), scope())).rejects.toEqual(
      refusal('transient'),
    );
  });

  test('a stream that breaks off is a failure', async () => {
    mock.on(
      { userMessage: 'hello' },
      { content: 'one two three four five six seven eight' },
      { chunkSize: 4, truncateAfterChunks: 3 },
    );
    await expect(open({ retry: { times: 1 } }).answer(model, ask('hello'), scope())).rejects.toEqual(
      refusal('transient'),
    );
  });

  test('a silent server is given up after the time limit, and at once when the call is cancelled', async () => {
    mock.on({ userMessage: 'hello' }, { content: 'late' }, { latency: 20_000 });
    await expect(
      open({ retry: { times: 1 }, patience: { first: 60 } }).answer(model, ask('hello'), scope()),
    ).rejects.toEqual(refusal('timeout'));
    const stop = new AbortController();
    const answer = open().answer(model, ask('hello'), { ...scope(), signal: stop.signal });
    stop.abort();
    await expect(answer).rejects.toEqual(refusal('cancelled'));
  });

  test('a key that the server repeats in its refusal is masked', async () => {
    mock.onMessage('hello', {
      error: {
        message: `Bad key ${key}, also known as ${Buffer.from(key).toString('base64')} and ${encodeURIComponent(key)}`,
      },
      status: 401,
    });
    const reported: unknown[] = [];
    const thrown = await open({ onFailure: (...facts) => void reported.push(facts) })
      .answer(model, ask('hello'), scope())
      .catch((error: unknown) => error);
    expect(thrown).toEqual(refusal('auth'));
    const { message, stack, cause, data } = thrown as Error & { data: unknown };
    const everything = [message, stack, JSON.stringify({ cause, data, heard: reported })].join('\n');
    for (const form of [key, Buffer.from(key).toString('base64'), encodeURIComponent(key)])
      expect(everything).not.toContain(form);
  });
});

test('a missing key is reported with its variable, and an unknown provider with the known ones', async () => {
  const underTest = gateway({ clock: virtualClock(), env: {} });
  await expect(underTest.answer('anthropic:claude-sonnet-4-5', ask('x'), scope())).rejects.toThrow(
    /Set ANTHROPIC_API_KEY/,
  );
  await expect(underTest.answer('nobody:model', ask('x'), scope())).rejects.toThrow(/one of anthropic, openai, google/);
  await expect(underTest.answer('__proto__:x', ask('x'), scope())).rejects.toEqual(refusal('invalid'));
});
