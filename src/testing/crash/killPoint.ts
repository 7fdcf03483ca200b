/** Kills a process at one of its points, before the work of the point or after it. */
import { atCrashPoints, type Around, type ProcessParts, type CrashPoint } from '../world/crashPoints.ts';
import { never, type FaultClock } from '../world/faultClock.ts';
import { answeredThrough } from '../world/mortalProcess.ts';

/** Where a process is killed. */
export interface KillPoint {
  /** The number of the point among those of the process, from 1. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Which process is killed, and what is called meanwhile. */
export interface KillOptions {
  readonly clock: FaultClock;
  /** Without one the process lives until it is over. */
  readonly killPoint: KillPoint | undefined;
  /** Called at every point, in the order of their numbers. */
  readonly reached: (point: CrashPoint) => void;
  /** Called once, at the kill point; must kill the process of this clock. */
  readonly kill: (killPoint: KillPoint) => void;
}

/** The parts as the process has them. */
export function killedAt(
  { journal, transport }: ProcessParts,
  { clock, killPoint, reached, kill }: KillOptions,
): ProcessParts {
  let count = 0;
  const die = (point: KillPoint): Promise<never> => {
    kill(point);
    return never();
  };
  const around: Around = async (point, work) => {
    if (clock.dead) return never();
    const here = ++count === killPoint?.at ? killPoint : undefined;
    reached(point);
    if (here?.when === 'before') return die(here);
    const answer = await clock.answer(work());
    return here ? die(here) : answer;
  };
  const parts = atCrashPoints(
    { journal: answeredThrough(clock, journal), transport: answeredThrough(clock, transport) },
    around,
  );
  return { journal: answeredThrough(clock, parts.journal), transport: answeredThrough(clock, parts.transport) };
}
