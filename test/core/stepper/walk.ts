/** Walks through a machine with our steps and with XState's, and holds them against each other in everything. */
import { expect } from 'vitest';
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import { chart } from '../../../src/core/chart.ts';
import { ordered, outcomeOf, plainOutcome, type Outcome } from './compared.ts';
import { firstStep, nextStep } from './reference.ts';

const orderedOutcome = (outcome: Outcome, machine: AnyStateMachine): Outcome =>
  'thrown' in outcome ? outcome : { step: [ordered(outcome.step[0], machine), outcome.step[1]] };

/** Until both throw the same. Gives what XState's steps came to, the first one included. */
export function expectSameWalk(
  machine: AnyStateMachine,
  input: unknown,
  events: readonly AnyEventObject[],
): readonly Outcome[] {
  const own = chart(machine);
  let ours = outcomeOf(() => own.initial(input));
  let theirs = orderedOutcome(
    outcomeOf(() => firstStep(machine, input)),
    machine,
  );
  const outcomes = [theirs];
  expect(plainOutcome(ours, machine), 'the first step').toEqual(plainOutcome(theirs, machine));
  for (const [index, event] of events.entries()) {
    if ('thrown' in ours || 'thrown' in theirs) break;
    const [[from], [reference]] = [ours.step, theirs.step];
    ours = outcomeOf(() => own.step(from, event));
    const next = outcomeOf(() => nextStep(machine, reference, event));
    const isSame = 'step' in next && next.step[0] === reference;
    theirs = isSame ? next : orderedOutcome(next, machine);
    outcomes.push(theirs);
    const which = `step ${index + 1}: ${JSON.stringify(event)}`;
    expect(plainOutcome(ours, machine), which).toEqual(plainOutcome(theirs, machine));
    if ('step' in ours) expect(ours.step[0] === from, `${which} leaves the snapshot as it is`).toBe(isSame);
  }
  return outcomes;
}
