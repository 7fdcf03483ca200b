/** Provides actors under names that only the settings of a chart know: members, delegates, guardrails. */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { lightCopy } from '../src/core/lightCopy.ts';

/** The machine with these actors beside its own. */
export const withActors = <Machine extends AnyStateMachine>(
  machine: Machine,
  actors: Readonly<Record<string, AnyActorLogic>>,
): Machine =>
  Object.keys(actors).length === 0
    ? machine
    : // XState allows other names at run time; its types allow those of the setup only. The type of the machine stays.
      lightCopy(machine, { actors } as Parameters<Machine['provide']>[0]);
