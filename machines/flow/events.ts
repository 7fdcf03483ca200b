/** What a flow takes: signals of people and programs, what it tells itself, and the ends of what it started. */
import type { FlowSignal } from '../../src/contracts/flow/flow.ts';

/** The events of a flow. */
export type FlowEvent =
  | FlowSignal
  /** A pause that the body asked for is over. */
  | { readonly type: 'flow.woke'; readonly request: string }
  | { readonly type: 'flow.settled' }
  | { readonly type: 'troupe.deadline' }
  | {
      readonly type: `xstate.done.actor.${string}` | `xstate.error.actor.${string}`;
      readonly output?: unknown;
      readonly error?: unknown;
    };

/** The id of the request whose end the event tells; undefined for other events. */
export function endedRequest(event: { readonly type: string; readonly request?: unknown }): string | undefined {
  if (event.type === 'flow.woke') return typeof event.request === 'string' ? event.request : undefined;
  for (const begin of ['xstate.done.actor.', 'xstate.error.actor.'])
    if (event.type.startsWith(begin)) return event.type.slice(begin.length);
  return undefined;
}
