/** The case of the tool server's machine for the laws. */
import { toolServerMachine, type ToolServerContext } from '../../../machines/toolServer.ts';

const gone = { kind: 'environment', message: 'gone', retryable: true } as const;
const notRetryable = { kind: 'environment', message: 'no such program', retryable: false } as const;

export const toolServer = {
  service: true,
  machine: toolServerMachine,
  input: { name: 'files', tries: 3, patience: 30_000, jitter: [0.5] },
  /** One sample of every event the machine can get. */
  events: [
    { type: 'xstate.done.actor.connect', output: { tools: ['a'] } },
    { type: 'xstate.error.actor.connect', error: gone },
    { type: 'xstate.error.actor.connect', error: notRetryable },
    { type: 'xstate.done.actor.list', output: { tools: ['a', 'b'] } },
    { type: 'xstate.error.actor.list', error: gone },
    { type: 'xstate.after.patience.toolServer.connecting' },
    { type: 'xstate.after.patience.toolServer.connected.listing' },
    { type: 'xstate.after.proof.toolServer.connected' },
    { type: 'xstate.after.quiet.toolServer.connected.ready' },
    { type: 'xstate.after.settle.toolServer.connected.stale' },
    { type: 'xstate.after.backoff.toolServer.backingOff' },
    { type: 'toolServer.changed' },
    { type: 'toolServer.lost', failure: gone },
    { type: 'toolServer.retry' },
    { type: 'toolServer.stop' },
  ],
  /** The part of the context that decides behaviour; it keeps the exploration finite. */
  key: ({ failures, failure, outdated }: ToolServerContext) => [failures, failure?.retryable, outdated],
};
