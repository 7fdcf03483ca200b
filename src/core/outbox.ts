/** Turns the actions of one step of XState into what a commit stores. Pure: the same step makes the same commit again (E2). */
import type { AnyActor } from 'xstate';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { Snapshot, MachineStep } from './chart.ts';
import { CommitBuilder, type StepActor } from './commitBuilder.ts';
import { addressOf, paramsOf, actionHandlers } from './actions.ts';
import { withAddresses } from './references.ts';

/** Handles the actions of a step in order, and returns the builder with their changes. `before` is undefined for the first step of an actor. */
export function buildOutbox(
  sender: StepActor,
  before: Snapshot | undefined,
  [after, actions]: MachineStep,
  seq: number,
  now: number,
  cause: string,
): CommitBuilder {
  const builder = new CommitBuilder(sender, seq, now, cause);
  actions.forEach((action, index) => {
    if (action.type !== 'xstate.spawnChild') return;
    const { actorRef, src } = paramsOf<{ actorRef?: Child; src?: unknown }>(action);
    if (actorRef) (builder.spawned ??= new Map()).set(actorRef, builder.childAddress(index, actorRef.id, src));
  });
  if (after.children !== before?.children) spawnAssigned(builder, before, after, actions.length);
  actions.forEach((action, index) => {
    const perform = actionHandlers.get(action.type);
    if (perform) perform(builder, action, index);
    else if (action.exec) builder.customActions.push(action);
    else
      throw new TroupeError(
        'definition',
        `"${sender.type.name}" takes the action "${action.type}", which is not declared. Add it to setup({ actions }).`,
      );
  });
  return builder;
}

type Child = Pick<AnyActor, 'id' | 'sessionId' | 'src'> & { options: { input?: Json; systemId?: string } };

/** `assign` may spawn, too: XState shows it only by the children in the snapshot. `last`: the number of actions of the step. */
function spawnAssigned(builder: CommitBuilder, before: Snapshot | undefined, after: Snapshot, last: number): void {
  let index = last;
  for (const name in after.children) {
    const child = after.children[name] as Child | undefined;
    if (!child || before?.children[name] === child || builder.spawned?.has(child)) continue;
    index++;
    const { id, sessionId, src, options } = child;
    (builder.spawned ??= new Map()).set(child, builder.childAddress(index, id, src));
    // An id that was not given is the session's, which is another one after a restart.
    const given = id === sessionId ? undefined : id;
    const input = withAddresses(options.input, (reference) => addressOf(builder, reference));
    builder.spawn(index, { id: given, src, input, systemId: options.systemId });
  }
}
