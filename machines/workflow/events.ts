/** What a workflow and a fan-out take: signals of people, what they tell themselves, and the ends of what they started. */
import type { RunSignal } from '../../src/contracts/run.ts';
import type { ApprovalNotice } from '../../src/contracts/workflow/approval.ts';

/** The end of something that was spawned by a name of its own. */
interface SpawnedEnd {
  readonly type: `xstate.done.actor.${string}` | `xstate.error.actor.${string}`;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** The events of a workflow. */
export type WorkflowEvent =
  | RunSignal
  | ApprovalNotice
  /** The pause before another attempt of a step is over. */
  | { readonly type: 'step.retry'; readonly step: string }
  /** An attempt took too long. */
  | { readonly type: 'step.late'; readonly child: string }
  | { readonly type: 'workflow.late'; readonly expired?: boolean }
  | { readonly type: 'workflow.settled' }
  | SpawnedEnd;

/** The events of a fan-out. */
export type FanOutEvent =
  | RunSignal
  | ApprovalNotice
  /** The pause before another attempt of an item is over. */
  | { readonly type: 'item.retry'; readonly item: string }
  | SpawnedEnd;

/** The id of the child whose end the event tells; undefined for other events. */
export function endedChild(type: string): string | undefined {
  for (const begin of ['xstate.done.actor.', 'xstate.error.actor.'])
    if (type.startsWith(begin)) return type.slice(begin.length);
  return undefined;
}
