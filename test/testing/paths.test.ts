/** `paths`: generated tests of a machine, with the shortest path to every state. */
import { describe, expect, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { z } from 'zod';
import { machine } from 'troupe';
import { coverage, done, paths, samplesOf } from 'troupe/testing';

const orderMachine = setup({
  types: {} as {
    context: { reason?: string };
    events: { type: 'order.cancel'; reason: string } | { type: 'order.pay'; cents: number };
  },
  actors: { charge: fromPromise((): Promise<{ taken: boolean }> => Promise.reject(new Error('not run'))) },
  delays: { patience: 1_000 },
  guards: {
    isEnough: ({ event }) => event.type === 'order.pay' && event.cents >= 500,
    isTaken: (_, { taken }: { taken: boolean }) => taken,
  },
  actions: { keepReason: assign(({ event }) => (event.type === 'order.cancel' ? { reason: event.reason } : {})) },
}).createMachine({
  id: 'order',
  context: {},
  initial: 'open',
  on: { 'order.cancel': { target: '.cancelled', actions: 'keepReason' } },
  states: {
    open: { on: { 'order.pay': { guard: 'isEnough', target: 'paying' } } },
    paying: {
      invoke: {
        src: 'charge',
        id: 'charge',
        onDone: [
          {
            guard: { type: 'isTaken', params: ({ event }) => event.output },
            target: 'paid',
          },
          { target: 'refused' },
        ],
        onError: 'refused',
      },
      after: { patience: 'late' },
    },
    paid: { type: 'final' },
    refused: { type: 'final' },
    late: { type: 'final' },
    cancelled: { type: 'final' },
  },
});

const signals = z.discriminatedUnion('type', [
  z.object({ type: z.literal('order.cancel'), reason: z.string().min(3) }),
  z.object({ type: z.literal('order.pay'), cents: z.int().min(100).max(900) }),
]);
const outputs = { charge: z.object({ taken: z.boolean() }) };

describe('an order, by generated paths', () => {
  for (const path of paths(machine(orderMachine, { signals }), { input: {}, outputs }))
    test(path.says, () => path.test());
});

test('there is a shortest path to every final state, of generated events', () => {
  const ways = paths(machine(orderMachine, { signals }), { input: {}, outputs });
  expect(ways.map(({ says }) => says)).toEqual([
    'order.paid: order.pay, charge done',
    'order.refused: order.pay, charge done',
    'order.late: order.pay, after patience',
    'order.cancelled: order.cancel',
  ]);
  expect(ways[0]).toMatchObject({
    events: [{ type: 'order.pay', cents: 900 }, done('charge', { taken: true })],
    states: ['open', 'paying', 'paid'],
  });
});

test('paths can cover every state or every transition, with hand-made samples where none can be generated', () => {
  const samples = [
    { type: 'order.pay', cents: 500 },
    done('charge', { taken: true }),
    done('charge', { taken: false }),
  ];
  expect(paths(orderMachine, { input: {}, samples, to: 'states' }).map(({ to }) => to)).toEqual([
    'order',
    ...['open', 'paying', 'paid', 'refused', 'late', 'cancelled'].map((state) => `order.${state}`),
  ]);
  const ways = paths(orderMachine, { input: {}, samples, to: 'transitions' });
  expect(ways.map(({ to, found }) => [to, found])).toContainEqual([
    'order.paying, charge failed to order.refused',
    true,
  ]);
  expect(ways.every(({ found }) => found)).toBe(true);
});

test('generating paths covers nothing; running them does', () => {
  using seen = coverage();
  const ways = paths(machine(orderMachine, { signals }), { input: {}, outputs, to: 'transitions' });
  expect(seen.report().machines).toEqual([]);
  for (const way of ways) way.test();
  expect(seen.report().missing).toEqual(['guard isEnough (order.open, order.pay to order.paying) never said no']);
});

test('a final state that cannot be reached is a failing test that says so', () => {
  const [paid, , , cancelled] = paths(orderMachine, { input: {}, events: [{ type: 'order.cancel', reason: 'x' }] });
  expect(() => cancelled!.test()).not.toThrow();
  expect(paid).toMatchObject({ found: false, says: 'order.paid: no path found' });
  expect(() => paid!.test()).toThrow(
    'No path leads to order.paid of the machine "order": these events lead to 2 situations, and it is in none of them.',
  );
});

const counting = (decides: (n: number) => boolean) =>
  setup({
    types: {} as { context: { n: number; name: string } },
    guards: { isThere: ({ context }) => decides(context.n) },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'counting',
    context: { n: 0, name: 'c' },
    initial: 'on',
    states: {
      on: { on: { more: { actions: 'count' } }, always: { guard: 'isThere', target: 'there' } },
      there: { type: 'final' },
    },
  });

test('a context that grows without end stops the generation, and the failure says what grows', () => {
  const [way] = paths(
    counting(() => false),
    { input: {}, limit: 50 },
  );
  expect(() => way!.test()).toThrow(/cut off at its limit of 50 situations\. Its context grows by "n" \(50 values\)\./);
  const [near] = paths(
    counting((n) => n === 40),
    { input: {}, limit: 50 },
  );
  expect(near!.events).toHaveLength(40);
});

test('a machine that depends on data outside its snapshot fails on its path', () => {
  const seen = new Map<string, number>();
  const forgetful = setup({
    types: {} as { context: { seen: Map<string, number> } },
    guards: { knows: ({ context }) => context.seen.has('a') },
    actions: { learn: assign(() => ({ seen: new Map([['a', 1]]) })) },
  }).createMachine({
    id: 'forgetful',
    context: { seen },
    initial: 'one',
    states: {
      one: { on: { go: { target: 'two', actions: 'learn' } } },
      two: { on: { go: [{ guard: 'knows', target: 'end' }, { target: 'one' }] } },
      end: { type: 'final' },
    },
  });
  const [way] = paths(forgetful, { input: {}, key: ({ seen: map }: { seen: Map<string, number> }) => map.size });
  expect(way!.states).toEqual(['one', 'two', 'end']);
  expect(() => way!.test()).toThrow(
    /On its way to forgetful\.end the machine "forgetful" threw Error: .*has is not a function after go, saved and restored before every event; without that it came to "end"\./s,
  );
});

test('a machine that reads the clock fails on its path, with the place', () => {
  const [way] = paths(
    counting((n) => n > 0 && Date.now() > 0),
    { input: {} },
  );
  expect(() => way!.test()).toThrow(/reached for Date\.now\(\)\..*paths\.test\.ts/s);
});

test('a child can only end while it is running', () => {
  const eager = setup({ actors: { charge: fromPromise(() => Promise.resolve(null)) } }).createMachine({
    id: 'eager',
    initial: 'calm',
    on: { 'xstate.done.actor.charge': '.over' },
    states: {
      calm: { on: { go: 'busy' } },
      busy: { invoke: { src: 'charge', id: 'charge', onError: 'calm' } },
      over: { type: 'final' },
    },
  });
  expect(paths(eager, { input: {} }).map(({ says }) => says)).toEqual(['eager.over: go, charge done']);
});

test('an event that does not fit its schema is named', () => {
  const strict = counting(() => false).provide({
    actions: {
      count: assign(({ event }) => ({ n: (event as unknown as { by: { amount: number } }).by.amount })),
    },
  });
  expect(() => paths(strict, { input: {} })).toThrow(
    /The machine "counting" threw at the event "more": TypeError: .*Is this a sample it can meet\?.*\{"type":"more"\}/s,
  );
});

test.each<[string, z.ZodType, unknown[]]>([
  ['each member of an enum', z.object({ size: z.enum(['s', 'l']) }), [{ size: 's' }, { size: 'l' }]],
  ['both ends of a range', z.int().min(3).max(3), [3]],
  ['open ends', z.number().gt(0).lt(1), [0.5]],
  ['every branch', z.union([z.literal(1), z.null(), z.boolean()]), [1, null, true, false]],
  ['with and without what is optional', z.object({ a: z.literal(1).optional() }), [{ a: 1 }, {}]],
  ['lists of the lengths allowed', z.array(z.literal('x')).min(1).max(2), [['x'], ['x', 'x']]],
  [
    'what several schemas ask for together',
    z.intersection(z.object({ a: z.literal([1, 2]) }), z.object({ b: z.literal(3) })),
    [
      { a: 1, b: 3 },
      { a: 2, b: 3 },
    ],
  ],
  ['pairs', z.tuple([z.literal(1), z.literal(2)]), [[1, 2]]],
  ['formats', z.email(), ['ada@example.org']],
])('samples are generated from a schema: %s', (_, schema, expected) => {
  expect(samplesOf(schema)).toEqual(expected);
});

test('generated samples fit their schema with its refinements and depend on the seed only; what cannot be generated is reported', () => {
  const tree: z.ZodType = z.lazy(() => z.object({ name: z.string().min(6), kids: z.array(tree), any: z.json() }));
  for (const sample of samplesOf(tree)) expect(tree.safeParse(sample).success).toBe(true);
  expect(samplesOf(tree)).not.toHaveLength(0);
  expect(samplesOf(z.string())).toEqual(samplesOf(z.string()));
  expect(samplesOf(z.string(), { seed: 2 })).not.toEqual(samplesOf(z.string()));
  expect(
    samplesOf(
      z
        .int()
        .min(0)
        .max(9)
        .refine((n) => n !== 0),
    ),
  ).not.toContain(0);
  expect(() => samplesOf(z.string().regex(/^ISBN \d+$/))).toThrow(/No sample could be drawn.*samples of your own/s);
});
