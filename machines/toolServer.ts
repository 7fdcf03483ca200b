/**
 * One connection to a tool server: it connects, lists the tools again when the server says that they changed, backs off when the connection is lost,
 * and gives up after a number of failures in a row. A connection that lasted long enough resets that number.
 */
import { assign, setup } from 'xstate';
import { backoff } from '../src/values/backoff.ts';
import type { Failure } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { failureOf } from './failure.ts';
import { slot } from './slot.ts';

export interface ToolServerInput {
  readonly name: string;
  /** Failures in a row after which the machine gives up. */
  readonly tries: number;
  /** How long the server may take to connect, or to list its tools, in milliseconds. */
  readonly patience: number;
  /** Random numbers in [0, 1), one for each backoff, so that many clients of one server do not reconnect at once. */
  readonly jitter: readonly number[];
}

export interface ToolServerContext extends ToolServerInput {
  /** Failures in a row. */
  readonly failures: number;
  /** The latest failure. */
  readonly failure: Failure | undefined;
  readonly tools: Json;
  /** The list changed while it was being listed. */
  readonly outdated: boolean;
  /** How often it was listed again since it last was the same for a while. */
  readonly listings: number;
}

export type ToolServerEvent =
  | { type: 'toolServer.changed' }
  | { type: 'toolServer.lost'; failure: Failure }
  | { type: 'toolServer.retry' }
  | { type: 'toolServer.stop' };

/** What `connect` and `list` answer. */
export interface Listed {
  readonly tools: Json;
}

const firstBackoff = 250;
const longestBackoff = 30_000;
const firstSettle = 50;
const longestSettle = 10_000;
/** Anything else that an effect throws is a defect of that effect; the connection is tried again. */
const defect = { kind: 'environment', retryable: true } as const;

/** The connection to one tool server. Fill `connect` and `list`, and the action `disconnect`. */
export const toolServerMachine = setup({
  types: {} as { context: ToolServerContext; input: ToolServerInput; events: ToolServerEvent },
  actors: {
    connect: slot<Listed, { name: string }>('connect'),
    list: slot<Listed, { name: string }>('list'),
  },
  delays: {
    backoff: ({ context: { failures, jitter } }) =>
      backoff(failures, { first: firstBackoff, longest: longestBackoff }, jitter[failures % jitter.length] ?? 1),
    patience: ({ context }) => context.patience,
    /** How long a connection must last to reset the failures, in milliseconds. A server that keeps failing sooner is given up. */
    proof: 30_000,
    /** Notices of a change that come within this time are one change, in milliseconds. It grows, since some servers give notice of a change whenever they are asked. */
    settle: ({ context }) => Math.min(firstSettle * 2 ** context.listings, longestSettle),
    /** A list that is the same for so long has settled, in milliseconds. */
    quiet: 3 * longestSettle,
  },
  guards: {
    isHopeless: ({ context }) => context.failures >= context.tries || context.failure?.retryable === false,
    isOutdated: ({ context }) => context.outdated,
  },
  actions: {
    countFailure: assign(({ context }, { failure }: { failure: unknown }) => ({
      failures: context.failures + 1,
      failure: failureOf(failure, defect),
    })),
    countSilence: assign(({ context }) => ({ failures: context.failures + 1, failure: silence(context) })),
    forgetFailures: assign({ failures: 0, failure: undefined }),
    /** One more try and not all of them: a caller is waiting. */
    allowOneTry: assign({ failures: ({ context }) => context.tries - 1 }),
    keepTools: assign({ tools: (_, { tools }: Listed) => tools }),
    noteChange: assign({ outdated: true }),
    forgetChange: assign({ outdated: false }),
    countListing: assign({ listings: ({ context }) => context.listings + 1 }),
    forgetListings: assign({ listings: 0 }),
    /** Closes the connection; filled in by actors/toolServer.ts. */
    disconnect: () => {},
  },
}).createMachine({
  id: 'toolServer',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, failures: 0, failure: undefined, tools: [], outdated: false, listings: 0 }),
  initial: 'connecting',
  on: { 'toolServer.stop': '.stopped' },
  states: {
    connecting: {
      entry: 'forgetChange',
      invoke: {
        src: 'connect',
        id: 'connect',
        input: ({ context }) => ({ name: context.name }),
        onDone: [
          {
            guard: 'isOutdated',
            target: 'connected.stale',
            actions: { type: 'keepTools', params: ({ event }) => event.output },
          },
          { target: 'connected', actions: { type: 'keepTools', params: ({ event }) => event.output } },
        ],
        onError: {
          target: 'backingOff',
          actions: { type: 'countFailure', params: ({ event }) => ({ failure: event.error }) },
        },
      },
      after: { patience: { target: 'backingOff', actions: 'countSilence' } },
      on: { 'toolServer.changed': { actions: 'noteChange' } },
    },
    connected: {
      exit: 'disconnect',
      after: { proof: { actions: 'forgetFailures' } },
      on: {
        'toolServer.lost': {
          target: 'backingOff',
          actions: { type: 'countFailure', params: ({ event }) => ({ failure: event.failure }) },
        },
      },
      initial: 'ready',
      states: {
        ready: {
          on: { 'toolServer.changed': 'stale' },
          after: { quiet: { actions: 'forgetListings' } },
        },
        stale: {
          entry: 'forgetChange',
          after: { settle: 'listing' },
        },
        listing: {
          entry: 'countListing',
          invoke: {
            src: 'list',
            id: 'list',
            input: ({ context }) => ({ name: context.name }),
            // The list is taken even when it changed meanwhile: otherwise one that never stops changing would never be seen.
            onDone: [
              {
                guard: 'isOutdated',
                target: 'stale',
                actions: { type: 'keepTools', params: ({ event }) => event.output },
              },
              { target: 'ready', actions: { type: 'keepTools', params: ({ event }) => event.output } },
            ],
            onError: {
              target: '#toolServer.backingOff',
              actions: { type: 'countFailure', params: ({ event }) => ({ failure: event.error }) },
            },
          },
          after: { patience: { target: '#toolServer.backingOff', actions: 'countSilence' } },
          on: { 'toolServer.changed': { actions: 'noteChange' } },
        },
      },
    },
    backingOff: {
      always: { guard: 'isHopeless', target: 'failed' },
      after: { backoff: 'connecting' },
    },
    failed: {
      on: { 'toolServer.retry': { target: 'connecting', actions: 'allowOneTry' } },
    },
    stopped: { type: 'final' },
  },
});

/** A server that was silent twice in a row is given up: whoever waits for it must hear of it soon. */
function silence({ name, patience, failures, failure }: ToolServerContext): Failure {
  const again = failures > 0 && failure !== undefined && isSilence(failure);
  return {
    kind: again ? 'environment' : 'timeout',
    message: `Tool server "${name}" did not answer within ${patience / 1_000} s${again ? ', twice in a row' : ''}. Check that it runs and speaks MCP, or allow it more time (connectTimeout).`,
    retryable: !again,
    data: { server: name, silent: true, ...(again ? { gone: true } : {}) },
  };
}
const isSilence = ({ data }: Failure): boolean => propertiesOf(data)['silent'] === true;
