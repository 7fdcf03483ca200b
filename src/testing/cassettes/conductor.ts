/**
 * Plays a tape to the real machines: what came from outside comes again, in the order it was recorded, on a clock that stands still between.
 *
 * A result waits for its turn, so two effects that ran at once end as they did. A timer that was recorded rings in its turn too: real clocks
 * are late by a little. One that was not recorded, or is due at another time than it was, rings by its own time.
 */
import { TroupeError } from '../../contracts/failure.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { Host } from '../../system/host.ts';
import type { VirtualClock } from '../clock.ts';
import { settled } from '../turns.ts';
import type { Answers } from './answers.ts';
import { phaseOf, type Drift, type Drifts } from './drift.ts';
import type { TapedStep } from './format.ts';
import type { Cue, Tape } from './tape.ts';
import type { RunningTimer, Watch } from './watch.ts';

/** Milliseconds by which a timer may be due earlier or later than recorded and still be the recorded one: a step is never taken at quite the same time. */
const tolerance = 100;
/** Cues and timers in all; more is a machine that goes round in a circle. */
const patience = 100_000;

export interface Stage {
  readonly tape: Tape;
  readonly clock: VirtualClock;
  readonly host: Host;
  readonly root: string;
  readonly watch: Watch;
  readonly answers: Answers;
  readonly drifts: Drifts;
  /** Whether time passes on after a difference, when nothing else happens. */
  readonly goesOn: boolean;
  /** Asked when nothing goes on by itself; true when somebody did something. */
  readonly nudge?: (() => Promise<boolean>) | undefined;
}

/** Resolves when the root has ended, or nothing more is to come. Gives the cues that were never played. */
export async function conduct(stage: Stage): Promise<readonly Cue[]> {
  const { tape, clock, watch, answers, drifts, root } = stage;
  const cues = [...tape.cues];
  for (let moves = 0; ; moves++) {
    await settled(() => watch.count + answers.count);
    if (!watch.isActive(root)) return cues;
    if (moves > patience)
      throw new TroupeError(
        'invalid',
        `The replay made ${patience} moves and did not end: a machine goes round in a circle. It stands in "${watch.place(root).state}".`,
      );
    const { working } = answers;
    if (working) {
      await working;
      continue;
    }
    const index = cues.findIndex((cue) => isReady(stage, cue));
    const cue = cues[index];
    const own = ownTime(stage, cues, cue);
    if (own) clock.advance(Math.max(0, own.due - clock.now()));
    else if (cue) {
      cues.splice(index, 1);
      await play(stage, cue);
    } else if (!(await stage.nudge?.())) {
      // What was still going on when it was recorded stays so; after a difference only the tape could say what comes.
      const timer = tape.cassette.end && (drifts.all.length === 0 || stage.goesOn) ? watch.soonest : undefined;
      if (!timer) return cues;
      clock.advance(Math.max(0, timer.due - clock.now()));
    }
  }
}

function isReady({ answers, watch }: Stage, cue: Cue): boolean {
  if (cue.kind === 'effect') return answers.isHeld(cue.key);
  return cue.kind === 'timer' ? isRecorded(watch.timers.get(cue.key), cue) : watch.isActive(cue.step.actor);
}

const isRecorded = (timer: RunningTimer | undefined, { due }: { readonly due: number | undefined }): boolean =>
  timer !== undefined && (due === undefined || Math.abs(timer.due - due) <= tolerance);

/** The timer that rings before the next cue because the tape does not say otherwise. */
function ownTime({ watch, clock }: Stage, cues: readonly Cue[], next: Cue | undefined): RunningTimer | undefined {
  const { soonest } = watch;
  if (!next || !soonest || soonest.due > Math.max(next.at, clock.now())) return undefined;
  const recorded = cues.some((cue) => cue.kind === 'timer' && cue.key === soonest.key && isRecorded(soonest, cue));
  return recorded ? undefined : soonest;
}

async function play(stage: Stage, cue: Cue): Promise<void> {
  const { clock, watch, answers, tape } = stage;
  if (cue.kind === 'timer') return clock.advance(Math.max(0, watch.timers.get(cue.key)!.due - clock.now()));
  // A recorded timer that is due before rings in its own turn.
  const until = Math.min(cue.at, (watch.soonest?.due ?? Infinity) - 1);
  clock.advance(Math.max(0, until - clock.now()));
  if (cue.kind === 'outside') return say(stage, cue.step);
  answers.release(cue.key, tape.outcomeOf(cue.key));
}

/** What a person or a stranger said, under the same id. */
async function say({ host, tape, drifts, watch }: Stage, { actor, event }: TapedStep): Promise<void> {
  const { id, type, from, body = null } = event;
  const handled = Object.hasOwn(host.cell(actor)?.type.handles ?? {}, type);
  const envelope: Envelope = {
    id,
    type,
    body,
    from: from!,
    to: actor,
    run: tape.cassette.run,
    kind: handled ? 'tell' : 'signal',
  };
  await host.post(envelope).catch((thrown: Error) => drifts.add(unheard(watch, actor, type, thrown.message)));
}

/** The difference that nobody took what was said. */
export function unheard(watch: Watch, actor: string, type: string, why: string): Drift {
  const { state, seq } = watch.place(actor);
  return {
    kind: 'unheard',
    actor,
    phase: phaseOf(state),
    seq,
    message: `nobody took "${type}", which came from outside: ${why}`,
  };
}
