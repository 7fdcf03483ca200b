/** The circuit breaker of a model: after a number of failures in a row it is not called for a while; then one call tries whether it is back. */
import { assign, setup } from 'xstate';
import { longestPause } from '../src/values/backoff.ts';

/** When the breaker opens, and for how long. */
export interface GatewaySettings {
  /** Failures in a row that open the breaker. */
  readonly threshold: number;
  /** How long it is open at first, in milliseconds; doubled each time the trial call fails, up to `longest`. */
  readonly pause: number;
  /** The longest time that it is open, in milliseconds. */
  readonly longest: number;
}

/** The context of a breaker. */
export interface GatewayContext extends GatewaySettings {
  /** Failures in a row. */
  readonly failures: number;
  /** How many trial calls in a row have failed. */
  readonly trips: number;
  /** Milliseconds since the epoch; no call is made before. */
  readonly until: number;
}

export type GatewayEvent =
  | { type: 'call.succeeded' }
  | { type: 'call.failed'; at: number; retryAfter?: number }
  | { type: 'call.wanted'; at: number }
  | { type: 'gateway.stop' };

/** The circuit breaker of one model: closed, open, halfOpen. Times come with the events. */
export const gatewayMachine = setup({
  types: {} as { context: GatewayContext; input: GatewaySettings; events: GatewayEvent; tags: 'closed' },
  guards: {
    isLast: ({ context }) => context.failures + 1 >= context.threshold,
    isRested: ({ context, event }) => event.type === 'call.wanted' && event.at >= context.until,
  },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0, trips: 0, until: 0 }),
    /** One trial call is allowed; the next one only after another pause. */
    lend: assign(({ context, event }) => (event.type === 'call.wanted' ? { until: event.at + context.pause } : {})),
    leaveAlone: assign(({ context, event }) => {
      if (event.type !== 'call.failed') return {};
      const { pause: first, longest, trips } = context;
      const pause = Math.max(longestPause(trips + 1, { first, longest }), Math.min(longest, event.retryAfter ?? 0));
      return { failures: 0, trips: context.trips + 1, until: event.at + pause };
    }),
  },
}).createMachine({
  id: 'gateway',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, failures: 0, trips: 0, until: 0 }),
  initial: 'closed',
  on: { 'gateway.stop': '.stopped' },
  states: {
    stopped: { type: 'final' },
    closed: {
      on: {
        'call.succeeded': { actions: 'forgetFailures' },
        'call.failed': [{ guard: 'isLast', target: 'open', actions: 'leaveAlone' }, { actions: 'countFailure' }],
      },
    },
    open: {
      on: {
        'call.wanted': { guard: 'isRested', target: 'halfOpen', actions: 'lend' },
        // A call that was under way when the breaker opened: it shows that the model is back.
        'call.succeeded': { target: 'closed', actions: 'forgetFailures' },
      },
    },
    halfOpen: {
      on: {
        'call.succeeded': { target: 'closed', actions: 'forgetFailures' },
        'call.failed': { target: 'open', actions: 'leaveAlone' },
        // The trial call gave no answer in time: another one is allowed.
        'call.wanted': { guard: 'isRested', actions: 'lend' },
      },
    },
  },
});
