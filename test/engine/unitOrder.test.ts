/** Random messages between the actors of a tree, with a slow journal and crashes: each is taken once, and in the order of its sender. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { enqueueActions, setup, type AnyStateMachine } from 'xstate';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import { limitOfSeeds } from '../limits.ts';
import { stepByStep } from './journals.ts';
import { TestProcess, type } from './testProcess.ts';

/** More in CI: `TROUPE_SEEDS=5000`. */
const seeds = Number(process.env['TROUPE_SEEDS'] ?? 30);

/** What an actor is told to say, to its children (0, 1) or its parent. */
interface Told {
  /** Nobody takes it. */
  readonly isUnknown: boolean;
  readonly says: readonly { readonly to: 0 | 1 | 'up'; readonly told: Told }[];
}
interface Context {
  /** Its place in the tree: its parent's name, and its number. */
  readonly name: string;
  /** What it has said, and to whom. */
  readonly sent: readonly string[];
  /** What it has taken, and from whom. */
  readonly taken: readonly string[];
}

/** An actor with two children, down to a depth. */
function node(depth: number): AnyStateMachine {
  const take = enqueueActions(({ context, event, enqueue }) => {
    const { told, from, n } = event as unknown as { told: Told; from: string; n: number };
    const { name, taken } = context as unknown as Context;
    const sent = [...(context as unknown as Context).sent];
    for (const { to, told: next } of told.says) {
      const isChild = to !== 'up' && depth > 0;
      const recipient = isChild ? `${name}.${to}` : name.split('.').slice(0, -1).join('.');
      if (recipient === '') continue;
      const said = { type: next.isUnknown ? 'unknown' : 'tell', told: next, from: name, n: sent.length };
      sent.push(next.isUnknown ? '' : `${name}>${recipient}#${said.n}`);
      if (isChild) enqueue.sendTo(`k${to}`, said);
      else enqueue.sendParent(said);
    }
    enqueue.assign({ sent, taken: [...taken, `${from}>${name}#${n}`] });
  });
  const kids = depth > 0 ? [0, 1] : [];
  return setup({
    types: {} as { context: Context; input: { name: string } },
    actors: depth > 0 ? { kid: node(depth - 1) } : {},
    actions: { take },
  } as never).createMachine({
    id: `node${depth}`,
    context: ({ input }: { input: { name: string } }) => ({ name: input.name, sent: [], taken: [] }),
    initial: 'on',
    states: {
      on: {
        invoke: kids.map((k) => ({
          src: 'kid',
          id: `k${k}`,
          input: ({ context }: { context: Context }) => ({ name: `${context.name}.${k}` }),
        })),
        on: { tell: { actions: 'take' } },
      },
    },
  } as never) as unknown as AnyStateMachine;
}

const tree = node(2);
const told: fc.Memo<Told> = fc.memo((depth): fc.Arbitrary<Told> =>
  fc.record({
    isUnknown: fc.nat(5).map((n) => n === 5),
    says:
      depth > 1
        ? fc.array(fc.record({ to: fc.constantFrom<0 | 1 | 'up'>(0, 1, 'up'), told: told(depth - 1) }), {
            maxLength: 3,
          })
        : fc.constant([]),
  }),
);

/** A journal that takes some turns for each commit, by a list of numbers. */
function slow(inner: Journal, turns: readonly number[]): Journal {
  let next = 0;
  const wait = async () => {
    for (let left = turns[next++ % turns.length] ?? 0; left > 0; left--) await new Promise(setImmediate);
  };
  return overrideMethods(inner, {
    commit: async (commit) => (await wait(), inner.commit(commit)),
    ...(inner.commitAll ? { commitAll: async (all) => (await wait(), inner.commitAll?.(all)) } : {}),
  });
}

async function play(inner: Journal, messages: readonly Told[], turns: readonly number[], crashAt: number) {
  const testProcess = new TestProcess({ journal: slow(inner, turns) });
  const address = await testProcess.host.start(type(tree), { run: 'r1', input: { name: 'root' } });
  const rest = async () => {
    for (let tries = 0; tries < 200 && !testProcess.host.isIdle('r1'); tries++) await testProcess.advance(20);
    expect(testProcess.host.isIdle('r1')).toBe(true);
  };
  await rest();
  const rows = async () => inner.find({ run: 'r1', limit: 100 });
  const places = (await rows()).map(({ actor }) => actor).sort();
  const send = (told: Told, n: number) =>
    testProcess.signal(places[n % places.length] ?? address, { type: 'tell', told, from: 'ann', n } as never, {
      id: `m${n}`,
    });
  const sent = messages.map((message, n) => send(message, n).catch(() => {}));
  for (let turn = 0; turn < crashAt; turn++) await new Promise(setImmediate);
  if (crashAt > 0) {
    await testProcess.resume(type(tree));
    // Whoever got no answer says it again.
    await Promise.all([...messages.keys()].map((n) => send(messages[n] as Told, n).catch(() => {})));
  } else await Promise.all(sent);
  await rest();
  const contexts = (await rows()).map(
    ({ snapshot }) => (snapshot as unknown as { state: { context: Context } }).state.context,
  );
  expect(await inner.undelivered('r1')).toEqual([]);
  testProcess.host.abandon();
  return {
    sent: contexts.flatMap(({ sent: all }) => all.filter((one) => one !== '')),
    taken: contexts.flatMap(({ taken }) => taken),
  };
}

const pairOf = (one: string) => one.split('#')[0] ?? '';
const byPair = (all: readonly string[]) =>
  Object.fromEntries(all.map((one) => [pairOf(one), all.filter((other) => pairOf(other) === pairOf(one))]));

test(
  'each message is taken once and in the order of its sender, stored together or step by step, also after a crash',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(told(5), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 7 }),
        fc.nat(25),
        async (messages, turns, crashAt) => {
          for (const inner of [memory(), stepByStep(memory())]) {
            const { sent, taken } = await play(inner, messages, turns, crashAt);
            const own = taken.filter((one) => !one.startsWith('ann'));
            expect(taken.filter((one) => one.startsWith('ann'))).toHaveLength(messages.length);
            expect(byPair(own)).toEqual(byPair(sent));
          }
        },
      ),
      { numRuns: seeds },
    );
  },
  limitOfSeeds(seeds),
);
