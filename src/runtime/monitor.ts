/** The state of an orchestration, read from the row of its actor. */
import type { RouterContext } from '../../machines/router/context.ts';
import { TroupeError } from '../values/failure.ts';
import { healthOf } from '../contracts/health.ts';
import type { OrchestrationMonitor } from '../contracts/orchestration.ts';
import type { ActorRow } from '../journal/journal.ts';

/**
 * Limits, counts and members of an orchestration, from the row of its actor: `monitorOf((await runtime.journal.find({ actor: run.root }))[0]!)`.
 * `now`: the time for which health is judged, in milliseconds since the epoch; the time of the row by default. Throws `invalid` for another actor.
 */
export function monitorOf(
  { actor, snapshot, updated }: Pick<ActorRow, 'actor' | 'snapshot' | 'updated'>,
  now = updated,
): OrchestrationMonitor {
  // What the machine says it is decides whether the context is that of a router.
  const { machine, state } = snapshot as unknown as { machine: string; state: { context: RouterContext } };
  if (machine !== 'router')
    throw new TroupeError('invalid', `${actor} is no orchestration: it is run by the machine "${machine}".`);
  const { limits, consumed, dispatched, halt, seats } = state.context;
  const { maxTotalSteps, maxTotalTasks } = limits;
  return {
    ...limits,
    consumedSteps: consumed,
    dispatchedTasks: dispatched,
    stepBudgetExhausted: maxTotalSteps !== null && consumed >= maxTotalSteps,
    taskBudgetExhausted: maxTotalTasks !== null && dispatched >= maxTotalTasks,
    cancelled: halt?.kind === 'cancelled',
    members: seats.map(({ id, busy, taken, failures, outUntil, recent }) => ({
      id,
      busy,
      taken,
      failures,
      outUntil,
      health: healthOf(recent, now),
    })),
  };
}
