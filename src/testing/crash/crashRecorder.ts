/** Records one run through all its processes: the points, the steps, and the attempts at effects. */
import type { EffectAttempt } from '../world/effectAttempt.ts';
import type { CrashPoint } from '../world/crashPoints.ts';
import { Recorder } from '../world/recorder.ts';
import type { KillPoint } from './killPoint.ts';

/** An attempt that was really made. */
export interface PerformedAttempt extends EffectAttempt {
  /** As JSON. */
  readonly input: string;
}

/** One for all processes of a run; processes are numbered from 1. */
export class CrashRecorder extends Recorder {
  /** The points of the first process, in the order they were reached. */
  readonly points: string[] = [];
  /** Everything that happened, in words, in order. */
  readonly steps: string[] = [];
  /** The number of steps before the process was killed; undefined when it was not. */
  killedAt: number | undefined;
  readonly attempts: PerformedAttempt[] = [];

  reached(process: number, { what }: CrashPoint): void {
    if (process === 1) this.points.push(what);
    this.steps.push(`process ${process}: ${what}`);
  }

  started(process: number, name: string, key: string): void {
    this.steps.push(`process ${process}: begins "${name}" under ${key}`);
    this.effectStarted(name, key);
  }

  attempted(attempt: PerformedAttempt): void {
    this.attempts.push(attempt);
    this.requireAsked(attempt);
  }

  killed(process: number, { when }: KillPoint): void {
    this.killedAt = this.steps.length;
    this.steps.push(`process ${process} is killed ${when} that, and process ${process + 1} goes on`);
  }
}
