/** Sends events to an agent's machine, and reads the result. */
import type { AnyEventObject } from 'xstate';
import type { AgentOutput } from '../../../src/contracts/agent.ts';
import type { Message } from '../../../src/contracts/model.ts';
import { agentWith } from '../../../machines/agent/agent.ts';
import { appendedEntries, playNext, playStart, startedActors, type Played } from '../../../src/testing/play.ts';
import { joinResults } from '../../actors/joinResults.ts';
import { playEvents } from '../playEvents.ts';
import { settings, task } from '../effectResults.ts';

type Change = Parameters<typeof settings>[0];

/** Plays all events at once. */
export const story = (change: Change, ...events: AnyEventObject[]): Played =>
  playEvents(agentWith(settings(change)), task, events);

/** Plays events step by step. */
export function stepwise(change: Change = {}) {
  const machine = agentWith(settings(change));
  let played = playStart(machine, task);
  return {
    send(...events: AnyEventObject[]) {
      for (const event of events) played = playNext(machine, played, event);
      return played;
    },
    get played() {
      return played;
    },
  };
}

/** The transcript as a model gets it. */
export const transcript = (played: Played): readonly Message[] =>
  joinResults(appendedEntries<Message>(played, 'transcript'));
export const outputOf = ({ snapshot }: Played): AgentOutput | undefined => snapshot.output as AgentOutput | undefined;
export const startCount = (played: Played, src: string): number =>
  startedActors(played).filter((each) => each.src === src).length;

/** The state of the lifecycle region: `working.execution.thinking`, or the name of a final state. */
export function stateOf({ snapshot }: Played): string {
  const value = snapshot.value as string | { active: { lifecycle: unknown } };
  return typeof value === 'string' ? value : path(value.active.lifecycle);
}
export const control = ({ snapshot }: Played): string =>
  (snapshot.value as { active: { control: string } }).active.control;

const path = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object).map(([key, inner]) => `${key}.${path(inner)}`)[0]!;

/** The phases it went through, without consecutive repetitions. */
export function phasesOf({ values }: Played): string[] {
  const names = values.map((value) =>
    typeof value === 'string' ? value : path((value as { active: { lifecycle: unknown } }).active.lifecycle),
  );
  const phases = names.map((name) => (name.startsWith('working.') ? name.split('.')[1]! : name.split('.')[0]!));
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

/** The calls of the transcript that have no result right after them: there are none when no call is open. */
export function unanswered(messages: readonly Message[]): string[] {
  return messages.flatMap((message, index) => {
    if (message.role !== 'assistant' || message.calls.length === 0) return [];
    const results = messages[index + 1];
    const ids = results?.role === 'tool' ? results.results.map(({ id }) => id) : [];
    return JSON.stringify(ids) === JSON.stringify(message.calls.map(({ id }) => id))
      ? []
      : message.calls.map(({ id }) => id);
  });
}
