/** A machine after a row of events, for tests that look only at where it stands. */
import type { AnyStateMachine, EventObject } from 'xstate';
import { playNext, playStart, type Played } from '../../src/testing/play.ts';

/** Takes all these events in order. Throws as `playStart` does. */
export const playEvents = (machine: AnyStateMachine, input: unknown, events: readonly EventObject[]): Played =>
  events.reduce((played, event) => playNext(machine, played, event), playStart(machine, input));
