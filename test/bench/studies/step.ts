/** The two steps of an agent's turn (the model's answer, the tool's result) and its first step, without engine and journal: ours, XState's pure functions, a live XState actor. In processor time. */
import { createActor, initialTransition, transition, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';
import { agentWith } from '../../../machines/agent/agent.ts';
import { chart, withInertChildren } from '../../../src/core/chart.ts';
import { call, calls, settings, task, toolReturns } from '../../machines/effectResults.ts';
import { compare } from './measure.ts';

const turns = 500;
const machine = agentWith(
  settings({ budget: { steps: 1e9, toolCalls: 1e9, tokens: 1e12 }, limits: { maxRepeats: 1e9 } }),
) as AnyStateMachine;
const turn = [calls(call('read')), toolReturns(0)];

/** Microseconds of the processor per unit. */
function processorTime(units: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / units;
}

/** Takes turns from the start; `waitsFor` is the effect that runs when it is to begin with the next turn. */
function takeTurns(step: (event: (typeof turn)[number]) => AnyMachineSnapshot): void {
  let snapshot: AnyMachineSnapshot | undefined;
  for (let i = 0; i < turns; i++) for (const event of turn) snapshot = step(event);
  if (!snapshot || !('callModel' in snapshot.children)) throw new Error('The agent does not call the model again.');
}

export async function agentSteps(): Promise<void> {
  const own = chart(machine);
  const [first] = own.initial(task);
  const [started] = initialTransition(machine, task as never);
  const inert = withInertChildren(machine);
  await compare('an agent turn: its two steps alone, processor time', [
    {
      name: 'chart.step()',
      run() {
        let snapshot = first;
        return processorTime(turns, () => takeTurns((event) => ([snapshot] = own.step(snapshot, event))[0]));
      },
    },
    {
      name: "XState's transition()",
      run() {
        let snapshot: AnyMachineSnapshot = started;
        return processorTime(turns, () =>
          takeTurns((event) => ([snapshot] = transition(machine, snapshot as never, event as never))[0]),
        );
      },
    },
    {
      name: 'live XState actor, children do nothing',
      run() {
        const actor = createActor(inert, { input: task as never }).start();
        const time = processorTime(turns, () =>
          takeTurns((event) => {
            actor.send(event as never);
            return actor.getSnapshot();
          }),
        );
        actor.stop();
        return time;
      },
    },
  ]);
  await compare("an agent's first step, processor time", [
    {
      name: 'chart.initial()',
      run: () => processorTime(turns, () => void Array.from({ length: turns }, () => own.initial(task))),
    },
    {
      name: "XState's initialTransition()",
      run: () =>
        processorTime(turns, () => void Array.from({ length: turns }, () => initialTransition(machine, task as never))),
    },
  ]);
}
