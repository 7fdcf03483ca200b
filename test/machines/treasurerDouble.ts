/** A treasurer for tests of a run's chart, stepped beside it: it handles each message at once, and its answers wait to be delivered. */
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import { treasurerMachine } from '../../machines/treasury/treasurer.ts';
import type { TreasuryContext } from '../../machines/treasury/context.ts';
import { playNext, playStart, type Played, type PlayedAction } from '../../src/testing/play.ts';

export class TreasurerDouble {
  /** Its answers that are not delivered yet, in order. */
  readonly answers: AnyEventObject[] = [];
  #played: Played | undefined;

  get ledger(): TreasuryContext['books'] | undefined {
    return (this.#played?.snapshot.context as TreasuryContext | undefined)?.books;
  }

  /** Handles the actions of one step of the run. */
  record(actions: readonly PlayedAction[]): void {
    for (const { type, params } of actions) {
      const { src, id, input, targetId, event } = (params ?? {}) as Params;
      if (type === 'xstate.spawnChild' && src === 'treasurer') this.#played = playStart(treasurerMachine, input);
      if (type === 'xstate.stopChild' && id === 'treasurer') [this.#played, this.answers.length] = [undefined, 0];
      if (type === 'xstate.sendTo' && targetId === 'treasurer' && this.#played) this.#handle(event);
    }
  }

  #handle(event: AnyEventObject): void {
    const before = this.#played!;
    this.#played = playNext(treasurerMachine, before, event);
    for (const { type, params } of this.#played.actions.slice(before.actions.length))
      if (type === 'xstate.sendTo') this.answers.push((params as Params).event);
  }
}

/** Sends events to a run whose treasurer answers at once. */
export function playWithTreasurer(machine: AnyStateMachine, input: unknown, events: readonly AnyEventObject[]): Played {
  const treasurer = new TreasurerDouble();
  let played = playStart(machine, input);
  treasurer.record(played.actions);
  const step = (event: AnyEventObject) => {
    const before = played.actions.length;
    played = playNext(machine, played, event);
    treasurer.record(played.actions.slice(before));
    for (let answer = treasurer.answers.shift(); answer; answer = treasurer.answers.shift()) step(answer);
  };
  for (const event of events) step(event);
  return played;
}

interface Params {
  readonly src: string;
  readonly id: string;
  readonly input: unknown;
  readonly targetId: string;
  readonly event: AnyEventObject;
}
