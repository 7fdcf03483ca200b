/** Images, audio and files that a team, an orchestrator or something guarded is given: whoever gets the task gets them, by reference. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { z } from 'zod';
import {
  agent,
  asTool,
  debate,
  guarded,
  guardrails,
  machine,
  mapReduce,
  openRuntime,
  orchestrator,
  pipeline,
  protocol,
  roundRobin,
  routers,
  run,
  supervisorTeam,
  team,
  tool,
  until,
  type Agent,
  type MediaPart,
  type Runnable,
} from 'troupe';
import { memory } from '../../src/journal/memory/memory.ts';
import { seeing, type Seen } from './seeing.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));
const bytes = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(300_000, 7)]);
const picture = join(folder, 'picture.png');
writeFileSync(picture, bytes);
const base64 = bytes.toString('base64');
const shown = `image picture.png ${base64.length}`;
const image = { type: 'image', path: picture } as const;
const parts = [{ type: 'text', text: 'What is on it?' }, image] as const;
const options = { db: 'memory' } as const;
const person = (name: string, seen: Seen[], ...answers: string[]) =>
  agent({ name, model: seeing(seen, ...answers), instructions: '' });

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['draft'] },
  draft: { body: z.string(), replies: ['review'] },
  review: { body: z.string() },
});
/** A team with messages of its own: a writer, then a critic. */
const desk = (seen: Seen[], toCritic?: { readonly parts: readonly MediaPart[] }) => {
  const member = (name: string, handles: 'brief' | 'draft', answer: string) =>
    agent({
      name,
      protocol: Desk,
      handles: [handles],
      model: seeing(seen, { call: answer, input: { value: 'Well.' } }),
    });
  return team({
    name: 'desk',
    protocol: Desk,
    members: { writer: member('writer', 'brief', 'answer_draft'), critic: member('critic', 'draft', 'answer_review') },
    accepts: 'brief',
    returns: 'review',
    route: {
      brief: ({ body }, { to }) => to('writer', 'brief', body),
      draft: ({ body }, { to }) => to('critic', 'draft', body, toCritic),
      review: ({ body }, { finish }) => finish(body),
    },
  });
};
const strict = guardrails.input([/forbidden/]);

const definitions: Readonly<Record<string, (seen: Seen[]) => Runnable>> = {
  'an agent': (seen) => person('ada', seen),
  'a pipeline': (seen) => pipeline({ name: 'p', stages: [person('ada', seen), person('bob', seen)] }),
  'a round robin': (seen) =>
    roundRobin({ name: 'r', members: [person('ada', seen), person('bob', seen)], until: until.maxTurns(2) }),
  'a debate': (seen) =>
    debate({ name: 'd', debaters: [person('ada', seen), person('bob', seen)], judge: person('eve', seen), rounds: 1 }),
  'a map-reduce': (seen) =>
    mapReduce({
      name: 'm',
      split: (text) => [text, text, text],
      map: person('ada', seen),
      reduce: (all) => all.join(),
      concurrency: 1,
    }),
  'a supervisor team': (seen) =>
    supervisorTeam({ name: 's', supervisor: person('ada', seen), workers: [person('bob', seen)] }),
  'an orchestrator': (seen) => orchestrator({ name: 'o', members: [person('ada', seen)] }),
  'an orchestrator with guardrails': (seen) =>
    orchestrator({ name: 'o', members: [person('ada', seen)], guardrails: [strict] }),
  'a broadcast': (seen) =>
    orchestrator({ name: 'o', members: [person('ada', seen), person('bob', seen)], router: routers.broadcast() }),
  'a guarded agent': (seen) => guarded(person('ada', seen), [strict, guardrails.timeout({ max: '1m' })]),
  'a guarded team': (seen) =>
    guarded(pipeline({ name: 'p', stages: [person('ada', seen), person('bob', seen)] }), [strict]),
  'a team of guarded agents': (seen) =>
    pipeline({ name: 'p', stages: [guarded(person('ada', seen), [strict]), guarded(person('bob', seen), [strict])] }),
  'a team in a team, and an orchestrator in it': (seen) =>
    pipeline({
      name: 'p',
      stages: [
        pipeline({ name: 'inner', stages: [person('ada', seen)] }),
        orchestrator({ name: 'o', members: [person('bob', seen)] }),
      ],
    }),
};

describe.each(Object.entries(definitions))('%s', (_, define) => {
  test('every member that works on the task sees what came with it', async () => {
    const seen: Seen[] = [];
    await run(define(seen), { parts }, options);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen[0]!.text).toContain('What is on it?');
    for (const { parts } of seen) expect(parts).toEqual([shown]);
  });

  test('the bytes are stored once, and messages and snapshots have references', async () => {
    const journal = memory();
    await using runtime = await openRuntime({ journal });
    const handle = await runtime.start(define([]), { parts });
    await handle.outcome();
    const rows = await journal.find({ limit: 1_000 });
    const history = await journal.history({ limit: 10_000 });
    expect(JSON.stringify([rows, history, await journal.ledger(handle.id)])).not.toContain(base64.slice(0, 1_000));
    const kept = await Promise.all(rows.map(({ actor }) => journal.list(actor, 'artifacts')));
    expect(kept.flat()).toHaveLength(1);
    expect(await journal.list(handle.root, 'artifacts')).toMatchObject([{ data: base64, name: 'picture.png' }]);
  });
});

test('a team with messages of its own is given a body, and parts beside it', async () => {
  const seen: Seen[] = [];
  await expect(run(desk(seen), { body: { topic: 'actors' }, parts: [image] }, options)).resolves.toBe('Well.');
  expect(seen).toMatchObject([
    { text: expect.stringContaining('"topic": "actors"') as string, parts: [shown] },
    { text: 'Well.', parts: [shown] },
  ]);
});

test('a route says what goes with a message where it should be other than the parts of the task', async () => {
  const seen: Seen[] = [];
  const bare = desk(seen, { parts: [] });
  await run(bare, { body: { topic: 'actors' }, parts: [image] }, options);
  expect(seen.map(({ parts }) => parts)).toEqual([[shown], []]);
});

test('a route that hands on something else than parts of messages is refused by name', async () => {
  const wrong = desk([], { parts: [{ path: picture }] as never });
  await expect(run(wrong, { body: { topic: 'actors' }, parts: [image] }, options)).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('A route hands on parts of the messages so far') as string,
  });
});

test('tasks of an orchestrator have parts of their own, beside those that all of them get', async () => {
  const seen: Seen[] = [];
  const notes = { type: 'file', data: Buffer.from('# Notes'), name: 'notes.md' } as const;
  const subject = orchestrator({ name: 'o', members: [person('ada', seen)], mode: 'sequential' });
  const results = await run(
    subject,
    { tasks: ['One', { input: 'Two', parts: [notes, { type: 'text', text: 'And this.' }] }], parts: [image] },
    options,
  );
  expect(results.map(({ success }) => success)).toEqual([true, true]);
  expect(seen).toEqual([
    { text: 'One', parts: [shown] },
    { text: 'Two\n\nAnd this.', parts: [shown, 'file notes.md 12'] },
  ]);
});

test('a stage of a pipeline gets what the stage before it made, beside what came with its task', async () => {
  const seen: Seen[] = [];
  const stages = [painter(seen), person('bob', seen)];
  const subject = orchestrator({ name: 'o', members: stages, mode: 'pipeline' });
  const { taskResults } = await run(
    subject,
    {
      tasks: [
        { input: 'Paint.', agentId: 'painter', parts: [image] },
        { input: 'Judge.', agentId: 'bob' },
      ],
    },
    options,
  );
  expect(seen.at(-1)).toMatchObject({ parts: [painted] });
  expect(taskResults[0]).toMatchObject({ parts: [{ type: 'image', bytes: 16, at: expect.any(String) as string }] });
});

/** An agent whose tool makes a picture. */
const canvas = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(8, 3)]).toString('base64');
const painted = `image ${canvas.length}`;
const painter = (seen: Seen[], answer = 'Here it is.') =>
  agent({
    name: 'painter',
    model: seeing(seen, { call: 'paint', input: {} }, answer),
    tools: [
      tool({
        name: 'paint',
        description: 'Paints.',
        input: z.object({}),
        output: z.object({ content: z.array(z.looseObject({ type: z.string() })) }),
        run: () => ({ content: [{ type: 'image', data: canvas, mimeType: 'image/png' }] }),
      }),
    ],
  });

describe('what an agent makes', () => {
  test('goes with its answer to the next member of a team, by reference', async () => {
    const seen: Seen[] = [];
    const journal = memory();
    await using runtime = await openRuntime({ journal });
    const handle = await runtime.start(
      pipeline({ name: 'p', stages: [painter(seen), person('bob', seen)] }),
      'Paint a tree.',
    );
    await handle.outcome();
    expect(seen.at(-1)).toEqual({ text: 'Here it is.', parts: [painted] });
    const rows = await journal.find({ limit: 100 });
    const kept = await Promise.all(rows.map(({ actor }) => journal.list(actor, 'artifacts')));
    expect(kept.flat()).toHaveLength(1);
  });

  test('by an approved call as well, which an actor of its own makes', async () => {
    const seen: Seen[] = [];
    const asking = painter(seen);
    const approved = {
      ...asking,
      definition: (message: string) => ({ ...asking.definition(message), approve: 'all' }),
    } as typeof asking;
    await run(pipeline({ name: 'p', stages: [approved, person('bob', seen)] }), 'Paint.', {
      ...options,
      onTicket: () => ({ approved: true }),
    });
    expect(seen.at(-1)).toEqual({ text: 'Here it is.', parts: [painted] });
  });

  test('as a delegate is shown to the agent that called it, and named, so that it can hand it on by its id', async () => {
    const seen: Seen[] = [];
    const judged: Seen[] = [];
    const ids: string[] = [];
    const lead = agent({
      name: 'lead',
      model: {
        id: 'mine:lead',
        async *stream(request) {
          const { messages } = request;
          const turn = messages.filter(({ role }) => role === 'tool');
          const latest = turn.at(-1);
          const said = latest?.role === 'tool' ? latest.results[0] : undefined;
          const [id] = said?.content.match(/[0-9a-f]{64}/) ?? [];
          if (id !== undefined) ids.push(id);
          const parts = said?.parts as readonly MediaPart[] | undefined;
          if (turn.length === 1) expect(request.artifact?.(parts![0]!.artifact)).toBe(canvas);
          const calls = [
            { name: 'painter', input: { task: 'Paint a tree.' } },
            { name: 'judge', input: { task: `Judge artifact ${id}.` } },
            { name: 'judge', input: { task: 'Judge what you were not shown.' } },
          ];
          const call = calls[turn.length];
          if (call) yield { type: 'call', call: { id: `c${turn.length}`, ...call } };
          else yield { type: 'text', text: 'Done.' };
          const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
          yield { type: 'finish', reason: call ? 'calls' : 'stop', usage, model: 'mine:lead' };
        },
      },
      tools: [
        asTool(painter(seen), { description: 'Paints.' }),
        asTool(person('judge', judged), { description: 'Judges.' }),
      ],
    });
    const last: Seen[] = [];
    await run(pipeline({ name: 'p', stages: [lead, person('bob', last)] }), { parts: [image] }, options);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(judged.map(({ parts }) => parts)).toEqual([[shown, painted], [shown]]);
    expect(last.map(({ parts }) => parts)).toEqual([[shown, painted]]);
  });

  test('goes through guardrails, and into the answers of a broadcast', async () => {
    const seen: Seen[] = [];
    const members = [guarded(painter(seen), [strict]), person('bob', [])];
    const all = orchestrator({ name: 'o', members, router: routers.broadcast() });
    const last: Seen[] = [];
    const result = await run(all, 'Paint.', options);
    expect(result.parts).toMatchObject([{ type: 'image', bytes: 16 }]);
    await run(pipeline({ name: 'p', stages: [guarded(painter(seen), [strict]), person('eve', last)] }), 'x', options);
    expect(last).toEqual([{ text: 'Here it is.', parts: [painted] }]);
  });

  test('for one item of a map-reduce is not shown for another, and all of it for the answer', async () => {
    const seen: Seen[] = [];
    const last: Seen[] = [];
    const subject = mapReduce({
      name: 'm',
      split: (text) => [text, `${text} again`],
      map: painter(seen),
      reduce: person('eve', last),
      concurrency: 1,
    });
    await run(subject, 'Paint.', options);
    expect(seen.map(({ parts }) => parts)).toEqual([[], [painted], [], [painted]]);
    expect(last.map(({ parts }) => parts)).toEqual([[painted]]);
  });
});

describe('a guardrail', () => {
  test('judges the text, sees which parts there are, and lets them through as they are', async () => {
    const seen: Seen[] = [];
    const asked: unknown[] = [];
    const check = guardrails.guardrail({
      name: 'sees',
      pre: ({ text, parts }) => {
        asked.push([text, parts.map(({ mediaType, name, bytes }) => [mediaType, name, bytes])]);
        return true;
      },
    });
    await run(guarded(person('ada', seen), [check]), { parts }, options);
    expect(asked).toEqual([['What is on it?', [['image/png', 'picture.png', bytes.length]]]]);
    expect(seen).toEqual([{ text: 'What is on it?', parts: [shown] }]);
  });

  test('can refuse a part by what it is', async () => {
    const noImages = guardrails.guardrail({
      name: 'no images',
      pre: ({ parts }) => parts.every(({ type }) => type !== 'image') || 'it has an image',
    });
    await expect(run(guarded(person('ada', []), [noImages]), { parts }, options)).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('it has an image') as string,
    });
  });
});

const chart = setup({}).createMachine({ id: 'counter', initial: 'idle', states: { idle: { type: 'final' } } });
test.each<[string, Runnable, unknown, string, RegExp]>([
  ['a machine', machine(chart), { parts }, 'unsupported', /"counter" is a machine and takes no parts/],
  ['a body that is no text', desk([]), { parts }, 'invalid', /takes "brief", which is no text.*\{ body, parts \}/],
  [
    'other names beside parts',
    desk([]),
    { topic: 'x', parts },
    'invalid',
    /takes parts as \{ body, parts \}; got topic/,
  ],
  ['a message and a text', desk([]), { body: { topic: 'x' }, parts }, 'invalid', /Put the texts into the message/],
  [
    'a file that is not there, for an orchestrator',
    orchestrator({ name: 'o', members: [person('ada', [])] }),
    { tasks: [{ input: 'x', parts: [{ type: 'image', path: join(folder, 'gone.png') }] }] },
    'invalid',
    /gone\.png" cannot be read/,
  ],
])('%s is refused in clear words, and no run begins', async (_, subject, input, kind, message) => {
  await using runtime = await openRuntime({ db: 'memory' });
  await expect(runtime.start(subject, input, { key: 'k' })).rejects.toMatchObject({
    kind,
    message: expect.stringMatching(message) as string,
  });
  expect(await runtime.journal.find({})).toEqual([]);
});

test('a property called parts stays what it is where the input has one of that name', async () => {
  const Parts = protocol({
    order: { body: z.object({ parts: z.array(z.string()) }), replies: ['done'] },
    done: { body: z.string() },
  });
  const seen: Seen[] = [];
  const clerk = agent({
    name: 'clerk',
    protocol: Parts,
    handles: ['order'],
    model: seeing(seen, { call: 'answer_done', input: { value: 'Ordered.' } }),
  });
  const shop = team({
    name: 'shop',
    protocol: Parts,
    members: { clerk },
    accepts: 'order',
    returns: 'done',
    route: { order: ({ body }, { to }) => to('clerk', 'order', body), done: ({ body }, { finish }) => finish(body) },
  });
  await expect(run(shop, { parts: ['wheel', 'saddle'] }, options)).resolves.toBe('Ordered.');
  expect(seen[0]).toMatchObject({ text: expect.stringContaining('"saddle"') as string, parts: [] });
  const list = setup({
    types: {} as { input: { parts: string[] }; context: { n: number }; output: number },
  }).createMachine({
    id: 'list',
    context: ({ input }) => ({ n: input.parts.length }),
    initial: 'idle',
    states: { idle: { type: 'final' } },
    output: ({ context }) => context.n,
  });
  await expect(run(machine(list), { parts: ['a', 'b'] }, options)).resolves.toBe(2);
});

describe.each(['memory', 'sqlite'] as const)('%s', (kind) => {
  test.each(Object.entries(definitions))(
    '%s: after a restart the same bytes are read, and one key is one run',
    async (name, define) => {
      const place = kind === 'memory' ? { journal: memory() } : { db: join(folder, `${name.replaceAll(' ', '-')}.db`) };
      const seen: Seen[] = [];
      const moved = join(folder, `moved-${kind}.png`);
      writeFileSync(moved, bytes);
      const input = { parts: [parts[0], { ...image, path: moved, name: 'picture.png' }] };
      {
        await using first = await openRuntime(place);
        await first.start(define([]), input, { key: 'k' }).then((handle) => handle.park());
      }
      rmSync(moved);
      await using second = await openRuntime(place);
      const handle = await second.resume('k', define(seen));
      expect(await handle.outcome()).toMatchObject({ status: 'done' });
      expect(seen.length).toBeGreaterThan(0);
      for (const { parts } of seen) expect(parts).toEqual([shown]);
      writeFileSync(moved, bytes);
      const again = await second.start(define([]), input, { key: 'k' });
      expect(again.endedAt).toBeDefined();
    },
  );
});

test('a run that failed goes on with what came with it, and with what was made before', async () => {
  const seen: Seen[] = [];
  const journal = memory();
  await using runtime = await openRuntime({ journal, gateway: { retry: { times: 1 } } });
  const broken = agent({
    name: 'bob',
    limits: { maxRecoveries: 0 },
    model: {
      id: 'mine:broken',
      stream: () => {
        throw new Error('The model is gone.');
      },
    },
  });
  const subject = (bob: Agent<Record<never, never>, never>) => pipeline({ name: 'p', stages: [painter(seen), bob] });
  const first = await runtime.start(subject(broken), { parts }, { key: 'k' });
  expect(await first.outcome()).toMatchObject({ status: 'failed' });
  const last: Seen[] = [];
  const second = await runtime.retry('k', subject(person('bob', last)));
  expect(await second.outcome()).toMatchObject({ status: 'done' });
  expect(seen).toHaveLength(2);
  expect(last).toEqual([{ text: 'Here it is.', parts: [shown, painted] }]);
});

test('a retried agent reads what came with it in its first life', async () => {
  const seen: Seen[] = [];
  await using runtime = await openRuntime({ db: 'memory', gateway: { retry: { times: 1 } } });
  const failing = agent({
    name: 'ada',
    limits: { maxRecoveries: 0 },
    model: {
      id: 'mine:broken',
      stream: () => {
        throw new Error('The model is gone.');
      },
    },
  });
  const first = await runtime.start(failing, { parts }, { key: 'k' });
  expect(await first.outcome()).toMatchObject({ status: 'failed' });
  const second = await runtime.retry('k', person('ada', seen));
  expect(await second.outcome()).toMatchObject({ status: 'done' });
  expect(seen).toEqual([{ text: 'What is on it?', parts: [shown] }]);
});
