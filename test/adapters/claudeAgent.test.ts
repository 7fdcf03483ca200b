/** Agents of the Claude Agent SDK in flows: an invocation that is recorded is not made again, whatever process goes on. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow } from '../../src/index.ts';
import { claudeAgent, type ClaudeMessage, type ClaudeQuery } from '../../src/adapters/claude-agent/index.ts';
import { answerNamed, callsOf, openDisk, outputOf, recordsOf, ticketsOf, untilRest } from './openDisk.ts';

interface Options {
  readonly resume?: string;
  readonly model?: string;
  readonly maxTurns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly systemPrompt?: string;
  readonly abortController?: AbortController;
}

const result = (text: string, more: object = {}) => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  result: text,
  session_id: 's-1',
  usage: { input_tokens: 3, output_tokens: 2 },
  total_cost_usd: 0.01,
  num_turns: 1,
  ...more,
});

/** The stream of messages that the SDK documents, with these results, one an invocation. */
function scripted(...results: readonly object[]) {
  const asked: { readonly prompt: string; readonly options: Options | undefined }[] = [];
  const query: ClaudeQuery<Options> = async function* ({ prompt, options }) {
    const message = results[asked.length];
    asked.push({ prompt, options });
    if (!message) throw new Error('It was asked once too often.');
    yield { type: 'system' };
    yield message as ClaudeMessage;
  };
  return { query, asked };
}

test('an invocation is one checkpoint, and another one goes on with its session after a person has answered elsewhere', async () => {
  const { query, asked } = scripted(result('Three bugs.'), result('Fixed.', { num_turns: 4 }));
  const reviewer = claudeAgent('reviewer', { query, options: { model: 'opus' } });
  const review = flow('review', async (ctx) => {
    const found = await reviewer.run(ctx, { prompt: 'Review it.' });
    const { fix } = await ctx.wait({ name: 'fix', schema: z.object({ fix: z.boolean() }) });
    return fix ? reviewer.run(ctx, { prompt: 'Fix them.', sessionId: found.sessionId, maxTurns: 9 }) : found;
  });
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, review))).toMatchObject([{ name: 'fix' }]);
    expect(await callsOf(first)).toEqual(['reviewer_claude']);
  }
  await answerNamed(open, 'fix', { fix: true });
  await using second = await open();
  expect(outputOf(await untilRest(second, review))).toEqual({
    text: 'Fixed.',
    sessionId: 's-1',
    usage: { input_tokens: 3, output_tokens: 2 },
    costUsd: 0.01,
    numTurns: 4,
  });
  expect(asked).toMatchObject([
    { prompt: 'Review it.', options: { model: 'opus' } },
    { prompt: 'Fix them.', options: { model: 'opus', resume: 's-1', maxTurns: 9 } },
  ]);
});

test('what is recorded of the options are their names, and no value that could be a secret', async () => {
  const { query } = scripted(result('Done.'));
  const options = { model: 'opus', env: { ANTHROPIC_API_KEY: 'sk-very-secret' }, systemPrompt: 'private' };
  const work = flow('work', (ctx) => claudeAgent('worker', { query, options }).run(ctx, { prompt: 'Work.' }));
  await using runtime = await openDisk()();
  await untilRest(runtime, work);
  const [record] = await recordsOf(runtime);
  expect(record?.metadata).toMatchObject({
    llm_calls: { worker_claude: { tokens_input: 3, tokens_output: 2, cost_usd: 0.01 } },
    claude: { worker_claude: { session_id: 's-1', options: { model: 'opus', env: ['ANTHROPIC_API_KEY'] } } },
  });
  expect(JSON.stringify(record)).not.toMatch(/very-secret|private/);
});

test('an invocation that fails says why, and is made again as its checkpoint says', async () => {
  const broken = result('', { subtype: 'error_during_execution', is_error: true, errors: ['it broke'] });
  const tired = result('', { subtype: 'error_max_turns', is_error: true });
  const { query, asked } = scripted(broken, tired);
  const checkpoint = { retries: { times: 3, backoff: 1, on: ({ kind }: { kind: string }) => kind === 'model' } };
  const worker = claudeAgent('worker', { query, checkpoint });
  const work = flow('work', (ctx) => worker.run(ctx, { prompt: 'Work.' }));
  await using runtime = await openDisk()();
  expect(await untilRest(runtime, work)).toMatchObject({
    status: 'failed',
    failure: { kind: 'budget', message: expect.stringContaining('error_max_turns') as string },
  });
  expect(asked).toHaveLength(2);
  expect(() => claudeAgent('worker', {} as never)).toThrow(/needs the function of the SDK/);
});

test('a flow that is cancelled stops the invocation', async () => {
  let aborted: unknown;
  const query: ClaudeQuery<Options> = async function* ({ options }) {
    yield { type: 'system' };
    const { signal } = options?.abortController ?? new AbortController();
    await new Promise((next) => signal.addEventListener('abort', next));
    aborted = signal.aborted;
    throw new Error('aborted');
  };
  const started: string[] = [];
  const worker = claudeAgent('worker', { query });
  const work = flow('work', (ctx) =>
    worker.run(ctx, { prompt: 'Work.', onMessage: ({ type }) => void started.push(type) }),
  );
  await using runtime = await openDisk()();
  const handle = await runtime.start(work, null, { key: 'r' });
  await expect.poll(() => started).toEqual(['system']);
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  expect(aborted).toBe(true);
});

const installed = resolve(import.meta.dirname, '../claude/node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs');

test.skipIf(!existsSync(installed))(
  'the SDK itself, with a scripted command, is asked once for each invocation',
  async () => {
    const { query } = (await import(installed)) as { readonly query: ClaudeQuery<object> };
    const folder = mkdtempSync(join(tmpdir(), 'troupe-claude-'));
    writeFileSync(join(folder, 'asked'), '');
    writeFileSync(
      join(folder, 'answers'),
      JSON.stringify([result('Hello.'), result('Goodbye.', { session_id: 's-1' })]),
    );
    const options = {
      pathToClaudeCodeExecutable: resolve(import.meta.dirname, '../claude/command.mjs'),
      executable: 'node',
      env: { PATH: process.env.PATH ?? '', SCRIPT_FOLDER: folder },
    };
    const greeter = claudeAgent('greeter', { query, options });
    const greet = flow('greet', async (ctx) => {
      const hello = await greeter.run(ctx, { prompt: 'Greet.' });
      await ctx.wait({ name: 'go' });
      return [hello.text, (await greeter.run(ctx, { prompt: 'Part.', sessionId: hello.sessionId })).text];
    });
    const open = openDisk();
    {
      await using first = await open();
      await untilRest(first, greet);
    }
    await answerNamed(open, 'go', null);
    await using second = await open();
    expect(outputOf(await untilRest(second, greet))).toEqual(['Hello.', 'Goodbye.']);
    const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain('s-1');
  },
);
