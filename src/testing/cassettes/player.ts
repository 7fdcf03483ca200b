/**
 * Replays a recording on the real machines: the messages from outside come again in their recorded order, on a clock that moves only in between.
 *
 * The outcome of an effect is given when it is next in the recording, so two effects that ran at once end in their recorded order. A recorded
 * timer fires when it is next, too: real clocks are late by a little. A timer that was not recorded, or is due at another time, fires when it
 * is due.
 */
import { TroupeError } from '../../values/failure.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { Host } from '../../engine/host.ts';
import type { VirtualClock } from '../clock.ts';
import { present } from '../present.ts';
import { untilQuiet } from '../untilQuiet.ts';
import type { EffectAnswers } from './effectAnswers.ts';
import { phaseOf, type Drift, type DriftLog } from './drift.ts';
import type { RecordedStep } from './format.ts';
import type { Cue, Recording } from './recording.ts';
import type { RunningTimer, JournalWatcher } from './journalWatcher.ts';

/** Milliseconds by which a timer may be due earlier or later than recorded and still count as the recorded one: steps are never taken at exactly the same time. */
const tolerance = 100;
/** The most cues and timers of a replay; a replay that needs more loops. */
const maxMoves = 100_000;

/** What a replay works with. */
export interface ReplayContext {
  /** The recording. */
  readonly recording: Recording;
  /** The clock of the host. */
  readonly clock: VirtualClock;
  /** Runs the actors. */
  readonly host: Host;
  /** The address of the root actor. */
  readonly root: string;
  /** Follows the journal: states and timers. */
  readonly watch: JournalWatcher;
  /** Answers effects. */
  readonly answers: EffectAnswers;
  /** Collects the differences. */
  readonly drifts: DriftLog;
  /** After a difference, may time pass when nothing else happens? */
  readonly advancesAfterDrift: boolean;
  /** Called when nothing happens by itself; resolves to true when it caused something to happen. */
  readonly nudge?: (() => Promise<boolean>) | undefined;
}

/** Resolves when the root has ended or nothing more will happen. Returns the cues that were never played; rejects with `invalid` for a replay that does not end. */
export async function playRecording(context: ReplayContext): Promise<readonly Cue[]> {
  const { recording, clock, watch, answers, drifts, root } = context;
  const cues = [...recording.cues];
  for (let plays = 0; ; plays++) {
    await untilQuiet(() => watch.count + answers.count);
    if (!watch.isActive(root)) return cues;
    if (plays > maxMoves)
      throw new TroupeError(
        'invalid',
        `The replay made ${maxMoves} moves and did not end: a machine loops. It is in "${watch.lastStepOf(root).state}".`,
      );
    const { working } = answers;
    if (working) {
      await working;
      continue;
    }
    const index = cues.findIndex((cue) => isReady(context, cue));
    const cue = cues[index];
    const own = ownTime(context, cues, cue);
    if (own) clock.advance(Math.max(0, own.due - clock.now()));
    else if (cue) {
      cues.splice(index, 1);
      await play(context, cue);
    } else if (!(await context.nudge?.())) {
      // What was unfinished in the recording stays unfinished. After a difference the recording no longer says what comes next.
      const timer =
        recording.cassette.end && (drifts.all.length === 0 || context.advancesAfterDrift) ? watch.soonest : undefined;
      if (!timer) return cues;
      clock.advance(Math.max(0, timer.due - clock.now()));
    }
  }
}

function isReady({ answers, watch }: ReplayContext, cue: Cue): boolean {
  if (cue.kind === 'effect') return answers.isHeld(cue.key);
  return cue.kind === 'timer' ? isRecorded(watch.timers.get(cue.key), cue) : watch.isActive(cue.step.actor);
}

const isRecorded = (timer: RunningTimer | undefined, { due }: { readonly due: number | undefined }): boolean =>
  timer !== undefined && (due === undefined || Math.abs(timer.due - due) <= tolerance);

/** The timer that fires before the next cue because the recording does not give it another time. */
function ownTime(
  { watch, clock }: ReplayContext,
  cues: readonly Cue[],
  next: Cue | undefined,
): RunningTimer | undefined {
  const { soonest } = watch;
  if (!next || !soonest || soonest.due > Math.max(next.at, clock.now())) return undefined;
  const recorded = cues.some((cue) => cue.kind === 'timer' && cue.key === soonest.key && isRecorded(soonest, cue));
  return recorded ? undefined : soonest;
}

async function play(context: ReplayContext, cue: Cue): Promise<void> {
  const { clock, watch, answers, recording } = context;
  if (cue.kind === 'timer') {
    const timer = present(watch.timers.get(cue.key), `The timer ${cue.key}`);
    return clock.advance(Math.max(0, timer.due - clock.now()));
  }
  // A recorded timer that is due earlier fires when it is next.
  const until = Math.min(cue.at, (watch.soonest?.due ?? Infinity) - 1);
  clock.advance(Math.max(0, until - clock.now()));
  if (cue.kind === 'outside') return send(context, cue.step);
  answers.release(cue.key, recording.outcomeOf(cue.key));
}

/** Sends a recorded message from outside again, under the same id. */
async function send({ host, recording, drifts, watch }: ReplayContext, { actor, event }: RecordedStep): Promise<void> {
  const { id, type, from, body = null } = event;
  const handled = Object.hasOwn(host.actor(actor)?.type.handles ?? {}, type);
  const envelope: Envelope = {
    id,
    type,
    body,
    from: present(from, `The sender of ${id}`),
    to: actor,
    run: recording.cassette.run,
    kind: handled ? 'tell' : 'signal',
  };
  await host.post(envelope).catch((thrown: Error) => drifts.add(notAccepted(watch, actor, type, thrown.message)));
}

/** The difference that a message from outside was not accepted. */
export function notAccepted(watch: JournalWatcher, actor: string, type: string, why: string): Drift {
  const { state, seq } = watch.lastStepOf(actor);
  return {
    kind: 'unheard',
    actor,
    phase: phaseOf(state),
    seq,
    message: `no actor accepted "${type}", which came from outside: ${why}`,
  };
}
