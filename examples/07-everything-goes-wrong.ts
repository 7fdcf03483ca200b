/** An agent under hundreds of seeds of crashes, suspended processes, full disks and lost answers; and a machine with a mistake that only a crash shows. */
import assert from 'node:assert/strict';
import { agent, effect, machine, tool } from 'troupe';
import { scriptedModel, simulate } from 'troupe/testing';
import { assign, setup } from 'xstate';
import { z } from 'zod';

const put = tool({
  name: 'put',
  description: 'Puts a word on the list.',
  effect: 'write',
  idempotent: true,
  input: z.object({ word: z.string() }),
  output: z.string(),
  run: () => 'done',
});
const clerk = agent({
  name: 'clerk',
  tools: [put],
  model: scriptedModel(({ messages }) =>
    messages.length < 2 ? { calls: [{ name: 'put', input: { word: 'tea' } }] } : { text: 'It is on the list.' },
  ),
});
const { seeds, commits, faults, failures } = await simulate(() => ({ subject: clerk, input: 'Tea, please.' }), {
  seeds: 100,
});
assert.deepEqual(failures, []);
console.log(
  `${seeds} seeds, ${commits} commits, ${faults.crash} crashes, ${faults.zombie} zombies: nothing lost or repeated.`,
);

// This machine performs a write three times that does not honour its key: after a crash, a repetition cannot be told from a first call.
let counted = 0;
const forgetful = () => {
  counted = 0;
  const chart = setup({
    types: {} as { context: { rounds: number } },
    actors: { count: effect(async () => ++counted) },
    guards: { isEnough: ({ context }) => context.rounds === 3 },
    actions: { next: assign({ rounds: ({ context }) => context.rounds + 1 }) },
  }).createMachine({
    id: 'forgetful',
    context: { rounds: 0 },
    initial: 'counting',
    states: {
      counting: {
        always: { guard: 'isEnough', target: 'done' },
        invoke: {
          src: 'count',
          id: 'count',
          onDone: { target: 'counting', reenter: true, actions: 'next' },
          onError: 'done',
        },
      },
      done: { type: 'final' },
    },
  });
  return {
    subject: machine(chart),
    input: null,
    invariants: { 'each is counted once': () => (counted === 3 ? undefined : `it counted ${counted} times`) },
  };
};
const found = await simulate(forgetful, { seeds: 60, faults: ['crash', 'zombie'] });
assert.ok(found.failures.length > 0, 'an effect that is not idempotent is found out');
console.log(`Found by seed ${found.failures[0]!.seed}: ${found.failures[0]!.problems[0]}.`);
console.log(`It takes ${found.failures[0]!.faults.map(({ kind }) => kind).join(' and ')}.`);
