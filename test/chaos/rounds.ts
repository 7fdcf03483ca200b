/** The kinds of chaos. Each goes on until every room is filled; the stage judges. */
import type { CrashPointKind } from '../../src/testing/world/crashPoints.ts';
import { troupe, worker } from './child.ts';
import type { Stage } from './stage.ts';

export interface Round {
  readonly rooms: number;
  play(stage: Stage, random: () => number): Promise<void>;
}

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));
/** After so many deaths a round is let go on in peace. */
const deaths = 6;
/** The points that this subject comes to in every run; the others are crashEverywhere's. */
const points: readonly CrashPointKind[] = ['commit', 'send', 'acknowledge'];

export const rounds: Readonly<Record<string, Round>> = {
  /** The real `troupe run`, killed with SIGKILL a random moment after it began to work. */
  kills: {
    rooms: 1,
    async play(stage, random) {
      const [room] = stage.rooms as readonly [string];
      for (let death = 0; death < deaths; death++) {
        const child = troupe(stage.db, stage.outside.url, room);
        await child.working;
        await pause(random() * 250);
        child.kill('SIGKILL');
        const end = await child.ended;
        await stage.look();
        if (end.signal !== 'SIGKILL') return stage.mustHaveFinished(end);
        stage.counts.kills++;
      }
      stage.mustHaveFinished(await troupe(stage.db, stage.outside.url, room).ended);
    },
  },

  /** Several runs at once in one process, which kills itself at a named point, before it or after. */
  points: {
    rooms: 3,
    async play(stage, random) {
      for (let death = 0; death < deaths; death++) {
        const kind = points[Math.floor(random() * points.length)]!;
        const point = `${kind} ${1 + Math.floor(random() * 25)} ${random() < 0.5 ? 'before' : 'after'}`;
        const end = await worker(stage.db, stage.outside.url, stage.rooms, point).ended;
        await stage.look();
        if (end.signal !== 'SIGKILL') return stage.mustHaveFinished(end);
        stage.counts.kills++;
      }
      stage.mustHaveFinished(await worker(stage.db, stage.outside.url, stage.rooms).ended);
    },
  },

  /** One process is stopped until another has taken its runs over, and woken while that is at work. */
  zombies: {
    rooms: 2,
    async play(stage, random) {
      const sleeper = worker(stage.db, stage.outside.url, stage.rooms);
      await sleeper.working;
      await pause(random() * 150);
      sleeper.kill('SIGSTOP');
      const heir = worker(stage.db, stage.outside.url, stage.rooms);
      // Stopped in the middle of a write it holds the file's lock, and the heir says so: it can take over only when the sleeper is woken.
      await heir.working;
      await pause(random() * 200);
      sleeper.kill('SIGCONT');
      const [woken, end] = await Promise.all([sleeper.ended, heir.ended]);
      // The sleeper may have been done before it was stopped.
      if (end.out !== woken.out) stage.counts.zombies++;
      stage.mustHaveFinished(end);
      if (woken.signal !== null) stage.violations.push(`the sleeper did not end by itself: ${woken.err.slice(-2_000)}`);
    },
  },

  /** SIGTERM in the middle: the real `troupe run` parks, leaves soon, and the next one goes on at once. */
  terms: {
    rooms: 1,
    async play(stage, random) {
      const [room] = stage.rooms as readonly [string];
      for (let term = 0; term < deaths; term++) {
        const child = troupe(stage.db, stage.outside.url, room);
        await child.working;
        await pause(random() * 250);
        child.kill('SIGTERM');
        const end = await child.ended;
        await stage.look();
        if (end.code === 0) return stage.mustHaveFinished(end);
        stage.counts.terms++;
        // It is parked (3), had not begun (130), or was over already and nobody listened any more.
        const isOver = end.signal === 'SIGTERM' && end.err.includes(' completed ');
        if (end.code !== 3 && end.code !== 130 && !isOver)
          stage.violations.push(`SIGTERM ended it with ${end.signal ?? end.code}: ${end.err}`);
      }
      stage.mustHaveFinished(await troupe(stage.db, stage.outside.url, room).ended);
    },
  },
};
