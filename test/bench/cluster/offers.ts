/** What the nodes of the benchmark offer: runs that end at once, runs with a large result, runs that wait, and runs that never stop working. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { callingModel } from '../rows/loop.ts';

export const isWorking = (offer: Offer): offer is Working => offer.startsWith('working-');

type Troupe = typeof import('../../../src/index.ts');

/** `short`: an agent that calls one tool. `bulky`: its result has 32 kB. `waiting`: waits for a message that never comes. `working-n`: a step of 100 ms after the other, for ever. */
export type Offer = 'short' | 'bulky' | 'waiting' | Working;
export type Working = `working-${number}`;

/** Bytes of the result of a bulky run. */
export const bulk = 32_000;
/** Milliseconds that a step of a working run takes. */
export const stepTime = 100;

/** `onStep` is called when a step of a working run begins, which is after the previous one was committed. */
export async function offersOf(
  troupe: Troupe,
  names: readonly Offer[],
  onStep: (run: string, count: number) => void,
): Promise<ReturnType<Troupe['agent'] | Troupe['machine']>[]> {
  const { agent, tool, machine, effect } = troupe;
  const { assign, setup } = await import('xstate');
  const z = await import('zod');
  const working = (id: Working) =>
    machine(
      setup({
        types: {} as { context: { name: string; count: number }; input: string },
        actors: {
          step: effect<null, { name: string; count: number }>(
            async ({ name, count }) => {
              onStep(name, count);
              await sleep(stepTime);
              return null;
            },
            { idempotent: true },
          ),
        },
      }).createMachine({
        id,
        context: ({ input }) => ({ name: input, count: 0 }),
        initial: 'step',
        states: {
          step: {
            invoke: {
              src: 'step',
              input: ({ context }) => context,
              onDone: {
                target: 'step',
                reenter: true,
                actions: assign({ count: ({ context }) => context.count + 1 }),
              },
            },
          },
        },
      }),
    );
  const all = {
    short: () =>
      agent({
        name: 'short',
        model: callingModel(1),
        tools: [
          tool({
            name: 'add',
            description: 'Adds one.',
            input: z.object({ n: z.number() }),
            output: z.object({ sum: z.number() }),
            run: ({ n }) => ({ sum: n + 1 }),
          }),
        ],
      }),
    bulky: () =>
      machine(
        setup({
          types: {} as { context: { text: string }; output: string },
          actors: { write: effect<string, null>(async () => randomBytes((bulk * 3) / 4).toString('base64')) },
        }).createMachine({
          id: 'bulky',
          context: { text: '' },
          initial: 'writing',
          states: {
            writing: {
              invoke: {
                src: 'write',
                input: null,
                onDone: { target: 'written', actions: assign({ text: ({ event }) => event.output }) },
              },
            },
            written: { type: 'final' },
          },
          output: ({ context }) => context.text,
        }),
      ),
    waiting: () =>
      machine(
        setup({ types: {} as { events: { type: 'go' } } }).createMachine({
          id: 'waiting',
          initial: 'waiting',
          states: { waiting: { on: { go: 'gone' } }, gone: { type: 'final' } },
        }),
      ),
  };
  return names.map((name) => (isWorking(name) ? working(name) : all[name]()));
}
