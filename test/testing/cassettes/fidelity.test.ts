/** Replays of random runs are exact: failures, latencies, answers of people, signals, and a process that stopped in the middle. */
import { expect, test } from 'vitest';
import { agent, type JsonObject } from 'troupe';
import {
  cassette,
  cassetteText,
  exportRun,
  scriptedModel,
  scriptedTool,
  testRuntime,
  virtualClock,
  type ScriptedModelStep,
} from 'troupe/testing';
import { memory } from '../../../src/journal/memory/memory.ts';
import { limits } from '../../limits.ts';
import { folder, unavailableModel } from './fixtures/runs.ts';

/** An agent with random failures by its seed; offline in the replay. */
function clerk(random: () => number, offline = false) {
  const some = (share: number) => random() < share;
  const answer = (turn: number): ScriptedModelStep =>
    some(0.15)
      ? { error: { status: 429, retryAfter: '2s' } }
      : some(0.05)
        ? { error: { kind: 'auth' } }
        : some(0.1)
          ? { half: true, text: 'broken' }
          : turn < 4 && some(0.75)
            ? {
                calls: ['look', 'put', 'send'].filter(() => some(0.6)).map((name) => ({ name, input: { turn } })),
                text: 'So.',
              }
            : { text: 'Done.' };
  const does = () =>
    some(0.15)
      ? { error: { status: 503 } }
      : some(0.05)
        ? { hang: true }
        : some(0.05)
          ? { error: { kind: 'tool' as const } }
          : { takes: 1 + Math.floor(random() * 9_000), output: 'ok' };
  const tools = [
    scriptedTool({ name: 'look', timeout: '8s' }, does),
    scriptedTool({ name: 'put', effect: 'write', idempotent: true, timeout: '8s' }, does),
    scriptedTool({ name: 'send', effect: 'write', approval: true, timeout: '8s' }, does),
  ];
  return agent({
    name: 'clerk',
    tools,
    deadline: '3h',
    model: offline ? unavailableModel : scriptedModel(({ messages }) => answer(messages.length)),
  });
}

/** A run on a seeded clock, with random answers, pauses, cancels and stops of the process. */
async function randomRun(seed: number) {
  const { random } = virtualClock({ seed });
  const subject = clerk(random);
  const journal = memory();
  let runtime = await testRuntime({ seed, journal });
  const run = await runtime.start(subject, 'Work.', { key: `job-${seed}` });
  for (let step = 0; step < 14; step++) {
    const now = random();
    if (now < 0.1) {
      const at = runtime.clock.now();
      await runtime.close();
      runtime = await testRuntime({ seed: seed + 1_000 + step, journal });
      await runtime.advance(Math.max(1, at - runtime.clock.now()));
      await runtime.resume(run.id, subject);
    } else if (now < 0.3) {
      for (const { id, answered, schema } of await runtime.tickets(run.id))
        if (!answered) await runtime.answer(id, yes(schema, random() < 0.7), 'person/ada');
    } else if (now < 0.36) {
      const type = (['agent.pause', 'agent.resume', 'agent.resume', 'agent.cancel'] as const)[
        Math.floor(random() * 4)
      ]!;
      await runtime
        .signal(run.root, { type, ...(type === 'agent.cancel' ? { reason: 'enough' } : {}) })
        .catch(() => {});
    }
    await runtime.advance(1 + Math.floor(random() * 5_000));
  }
  if (random() < 0.8) await runtime.advance('1d');
  const taped = await exportRun(journal, run.id, { env: {} });
  await runtime.close();
  return taped;
}

/** The answer yes to an approval, and to the question whether a write has happened. */
const yes = ({ properties }: JsonObject, is: boolean) => ({ [Object.keys(properties as object)[0]!]: is });

/** The number of runs; TROUPE_LIVES sets another. */
const runs = Number(process.env['TROUPE_LIVES'] ?? 40);

test(`${runs} random runs of an agent are replayed without a difference`, { timeout: limits.long }, async () => {
  using dir = folder();
  const ends = new Map<string, number>();
  const differs: string[] = [];
  for (let seed = 1; seed <= runs; seed++) {
    const taped = await randomRun(seed);
    const file = dir.file(`${seed}.json`, cassetteText(taped));
    const { drift, outcome } = await cassette(file).replay(clerk(Math.random, true), 'lenient');
    ends.set(outcome.status, (ends.get(outcome.status) ?? 0) + 1);
    if (drift.length > 0)
      differs.push(`seed ${seed}: ${drift[0]!.actor} ${drift[0]!.message} ${drift[0]!.difference ?? ''}`);
  }
  expect(differs).toEqual([]);
  // The runs differ enough to be a proof.
  expect([...ends.keys()].sort()).toEqual(['cancelled', 'done', 'failed', 'open']);
});
