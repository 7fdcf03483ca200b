/** One microstep: what is left, the transitions, what is entered. */
import type { AnyStateNode } from 'xstate';
import type { Completion, Configuration, Plan } from './plan.ts';
import { takeActions } from './takeActions.ts';
import type { RunningStep } from './step.ts';
import { enterConfiguration } from './xstate.ts';

/** Gives the configuration after it. */
export function takeMicrostep(step: RunningStep, from: Configuration, plan: Plan): Configuration {
  const { snapshot } = step;
  takeActions(step, plan.leaving);
  for (const { actions, invokes, completion } of plan.entries) {
    takeActions(step, actions, invokes);
    if (completion) complete(step, completion);
  }
  if (snapshot.status === 'done') takeActions(step, plan.ending);
  // Until here the actions of XState see the states as they were before.
  if (!plan.next) return from;
  if (plan.remembered) snapshot.historyValue = { ...snapshot.historyValue, ...plan.remembered };
  enterConfiguration(snapshot, plan.next);
  step.changes += 1;
  return plan.next;
}

/** Raises the events of what has ended, and ends the machine when all of it has. */
function complete(step: RunningStep, { final, compound, parallels, root }: Completion): void {
  const { snapshot, raised, event } = step;
  if (compound !== undefined) raised.push(doneEvent(compound, outputOf(step, final.output, event)));
  for (const id of parallels) raised.push(doneEvent(id, undefined));
  if (!root) return;
  const { output } = snapshot.machine.root;
  const done = () => doneEvent(root.id, root.parent ? outputOf(step, root.output, event) : undefined);
  snapshot.output = output === undefined ? undefined : outputOf(step, output, done());
  snapshot.status = 'done';
  step.changes += 1;
}

const doneEvent = (id: string, output: unknown) => ({ type: `xstate.done.state.${id}`, output });

function outputOf(
  { snapshot: { context }, scope: { self } }: RunningStep,
  output: AnyStateNode['output'],
  event: unknown,
): unknown {
  return typeof output === 'function' ? (output as (args: object) => unknown)({ context, event, self }) : output;
}
