/**
 * The life of one connection to a tool server: connects, lists again when told that the list changed, backs off when lost,
 * and gives up after some failures in a row. A server that stayed long enough gets all its tries again.
 */
import { assign, setup } from 'xstate';
import { backoff } from '../src/contracts/backoff.ts';
import type { Failure } from '../src/contracts/failure.ts';
import type { Json } from '../src/contracts/json.ts';
import { failureOf } from './failure.ts';
import { slot } from './slot.ts';

export interface ToolServerInput {
  readonly name: string;
  /** Failures in a row after which it is given up. */
  readonly tries: number;
  /** Milliseconds in which the server must be connected, or list its tools. */
  readonly patience: number;
  /** Numbers in [0, 1) that spread the backoff, so that many clients of one server do not come back at once. */
  readonly jitter: readonly number[];
}

export interface ToolServerContext extends ToolServerInput {
  /** In a row. */
  readonly failures: number;
  /** The last one. */
  readonly failure: Failure | undefined;
  readonly tools: Json;
  /** The list changed while it was being listed. */
  readonly outdated: boolean;
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
/** What is no Failure is a defect of an effect; the connection is tried again. */
const defect = { kind: 'environment', retryable: true } as const;

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
    /** How long a server must stay to be trusted again. One that dies sooner, time and again, is given up. */
    proof: 30_000,
    /** Notices that come together are one change. */
    settle: 50,
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
    /** One more try, not all of them: somebody is waiting for the answer. */
    allowOneTry: assign({ failures: ({ context }) => context.tries - 1 }),
    keepTools: assign({ tools: (_, { tools }: Listed) => tools }),
    noteChange: assign({ outdated: true }),
    forgetChange: assign({ outdated: false }),
    /** Closes the connection; filled in by actors/toolServer.ts. */
    disconnect: () => {},
  },
}).createMachine({
  id: 'toolServer',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, failures: 0, failure: undefined, tools: [], outdated: false }),
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
        },
        stale: {
          entry: 'forgetChange',
          after: { settle: 'listing' },
        },
        listing: {
          invoke: {
            src: 'list',
            id: 'list',
            input: ({ context }) => ({ name: context.name }),
            // The list is taken even when it changed meanwhile: one that never stops changing must still be seen.
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

const silence = ({ name, patience }: ToolServerInput): Failure => ({
  kind: 'timeout',
  message: `Tool server "${name}" did not answer within ${patience / 1_000} s. Check that it runs and speaks MCP, or allow it more time.`,
  retryable: true,
  data: { server: name },
});
