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
  type Runnable,
} from 'troupe';
import type { MediaPart } from '../../src/contracts/media.ts';
import { memory } from '../../src/journal/memory.ts';
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
const desk = (seen: Seen[]) => {
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
      draft: ({ body }, { to }) => to('critic', 'draft', body),
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
