/** What a turn of a body comes to. */
import type { FlowBodyOutput } from '../../machines/flow/effectTypes.ts';
import type { TroupeError } from '../../src/values/failure.ts';
import type { BodyEnd, BodyLife } from './bodyLife.ts';
import type { CallArrivals } from './callArrivals.ts';
import type { CallSequence } from './callSequence.ts';

/** How a body stands while nothing of it is stored or told. */
export interface BodyState {
  readonly life: Pick<BodyLife, 'end' | 'hasDiverged' | 'stopReason'>;
  readonly sequence: Pick<CallSequence, 'isReplaying' | 'isStored'>;
  readonly arrivals: Pick<CallArrivals, 'unsent' | 'send' | 'awaitedSignals'>;
  /** How many calls are under way in this process. */
  readonly performing: number;
  /** How many calls the body was not told the end of. */
  readonly open: number;
  /** It has failed, and what was under way beside the failure has not stopped yet. */
  readonly isSettling: boolean;
  /** For tests: it is to be begun again from its top. */
  readonly isToBeginAgain: boolean;
}

/** What there is to say in this turn; undefined while the body is at work. `isAttached`: does the effect of a turn wait for it? */
export function turnOutput(
  state: BodyState,
  turn: number,
  isAttached: boolean,
): FlowBodyOutput | TroupeError | undefined {
  const { life, sequence, arrivals, performing, isSettling } = state;
  if (life.stopReason !== undefined && !life.hasDiverged)
    return life.end && !isSettling ? { status: 'stopped' } : undefined;
  if (life.end) return sequence.isStored ? outputOf(life.end) : undefined;
  if (sequence.isReplaying) return undefined;
  if (state.isToBeginAgain && isAttached)
    return performing > 0 ? undefined : { status: 'open', requests: arrivals.send(turn), busy: true };
  const isAtWork = performing > 0 || state.open === 0;
  if (isAtWork && arrivals.unsent > 0 && isAttached)
    return { status: 'open', requests: arrivals.send(turn), busy: true };
  if (arrivals.unsent === 0 && (isAtWork || !isAttached)) return undefined;
  const signals = arrivals.awaitedSignals();
  const requests = isAttached ? arrivals.send(turn) : [];
  return { status: 'open', requests, busy: false, ...(signals.length > 0 ? { signals } : {}) };
}

function outputOf(end: BodyEnd): FlowBodyOutput | TroupeError {
  if (end.is === 'failed') return end.error;
  const { is: _, ...completed } = end;
  return { status: 'completed', ...completed };
}
