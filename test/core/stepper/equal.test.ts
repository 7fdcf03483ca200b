/** C2: a step comes to what XState's own `transition()` comes to, in everything that can be looked at, for machines drawn at random. */
import { array, assert, nat, property } from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { AnyEventObject } from 'xstate';
import { dose } from '../../dose.ts';
import { limits } from '../../limits.ts';
import { drawnMachine, type Drawn } from './drawn.ts';
import { expectSameWalk } from './walk.ts';

// XState warns of an actor that the machine does not have.
vi.spyOn(console, 'warn').mockImplementation(() => {});

const numbers = array(nat(), { maxLength: 500, size: 'max' });
const choices = array(nat(), { maxLength: 12, size: 'max' });

/** Undefined for a machine that XState refuses. */
function drawn(from: readonly number[]): Drawn | undefined {
  try {
    return drawnMachine(from);
  } catch {
    return undefined;
  }
}
const chosen = ({ events }: Drawn, from: readonly number[]): AnyEventObject[] =>
  from.map((choice) => events[choice % events.length] as AnyEventObject);

test('machines drawn at random step as in XState', () => {
  const seen = new Map<string, number>();
  const see = (what: string) => void seen.set(what, (seen.get(what) ?? 0) + 1);
  assert(
    property(numbers, choices, nat(3), (from, walk, input) => {
      const subject = drawn(from);
      if (!subject) return;
      for (const outcome of expectSameWalk(subject.machine, input, chosen(subject, walk))) {
        if ('thrown' in outcome) {
          see('an error');
          continue;
        }
        const [{ status, historyValue }, actions] = outcome.step;
        see(status);
        if (Object.keys(historyValue).length > 0) see('history');
        for (const { type } of actions) see(type);
      }
    }),
    // A smaller counterexample is looked for as long as that.
    { numRuns: dose(150, 5_000), interruptAfterTimeLimit: dose(limits.step, limits.long) },
  );
  // What is drawn is worth comparing.
  const common = [
    'xstate.raise',
    'xstate.cancel',
    'xstate.spawnChild',
    'xstate.stopChild',
    'xstate.emit',
    'xstate.log',
  ];
  for (const what of ['active', 'done', 'an error', 'history', 'note', 'named', 'xstate.sendTo', ...common])
    expect(seen.get(what) ?? 0, `steps with ${what}`).toBeGreaterThan(3);
});
