/** Whether a model is asked at all: after failures in a row it is left alone, then one call may try whether it is back. */
import { assign, setup } from 'xstate';
import { ceiling } from '../src/contracts/backoff.ts';

export interface GatewaySettings {
  /** Failures in a row after which it is left alone. */
  readonly threshold: number;
  /** Milliseconds it is left alone at first; doubled each time the try fails, up to `longest`. */
  readonly pause: number;
  readonly longest: number;
}

export interface GatewayContext extends GatewaySettings {
  readonly failures: number;
  /** How often in a row the try failed. */
  readonly trips: number;
  /** Milliseconds since the epoch; until then nobody asks. */
  readonly until: number;
}

export type GatewayEvent =
  | { type: 'call.succeeded' }
  | { type: 'call.failed'; at: number; retryAfter?: number }
  | { type: 'call.wanted'; at: number }
  | { type: 'gateway.stop' };

export const gatewayMachine = setup({
  types: {} as { context: GatewayContext; input: GatewaySettings; events: GatewayEvent; tags: 'closed' },
  guards: {
    isLast: ({ context }) => context.failures + 1 >= context.threshold,
    isRested: ({ context, event }) => event.type === 'call.wanted' && event.at >= context.until,
  },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0, trips: 0, until: 0 }),
    /** One call goes to see; the next may only after as long again. */
    lend: assign(({ context, event }) => (event.type === 'call.wanted' ? { until: event.at + context.pause } : {})),
    leaveAlone: assign(({ context, event }) => {
      if (event.type !== 'call.failed') return {};
      const { pause: first, longest, trips } = context;
      const pause = Math.max(ceiling(trips + 1, { first, longest }), Math.min(longest, event.retryAfter ?? 0));
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
        // A call that was under way when the door closed: it shows that the model is back.
        'call.succeeded': { target: 'closed', actions: 'forgetFailures' },
      },
    },
    halfOpen: {
      on: {
        'call.succeeded': { target: 'closed', actions: 'forgetFailures' },
        'call.failed': { target: 'open', actions: 'leaveAlone' },
        // The call that was to find out never came back with an answer: another one may go.
        'call.wanted': { guard: 'isRested', actions: 'lend' },
      },
    },
  },
});
