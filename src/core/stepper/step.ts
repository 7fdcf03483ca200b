/** A step that is under way. */
import type { AnyActorScope, AnyEventObject, ExecutableActionObject } from 'xstate';
import { copyRecord } from '../../values/record.ts';
import type { StepArguments, WorkingSnapshot } from './xstate.ts';

/** One snapshot is changed until the machine is at rest. */
export interface RunningStep {
  readonly scope: AnyActorScope;
  readonly snapshot: WorkingSnapshot;
  /** The event of the present microstep. */
  event: AnyEventObject;
  /** Raised events that were not taken yet, in order. */
  readonly raised: AnyEventObject[];
  /** What is to be done after the step, in order. */
  readonly actions: ExecutableActionObject[];
  /** How often XState would have made another snapshot. */
  changes: number;
  /** The children of the snapshot, once they are those of this step alone: they are copied once, and then changed. */
  children: Record<string, unknown> | undefined;
}

/** The children of the snapshot, to be changed. */
export function ownChildren(step: RunningStep): Record<string, unknown> {
  const { snapshot } = step;
  if (step.children === undefined || snapshot.children !== step.children)
    step.children = snapshot.children = copyRecord(snapshot.children);
  return step.children;
}

/** What an action of the author is given. */
export interface ActionArguments extends StepArguments {
  readonly self: AnyActorScope['self'];
  readonly system: AnyActorScope['system'];
}

/** As of now: an action sees what the actions before it assigned. */
export const argumentsNow = ({
  snapshot: { context },
  event,
  scope: { self, system },
}: RunningStep): ActionArguments => ({
  context,
  event,
  self,
  system,
});
