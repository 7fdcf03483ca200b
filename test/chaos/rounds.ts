/** The kinds of chaos rounds. Each continues until every room is filled; then `ChaosRound` checks the result. */
import type { CrashPointKind } from '../../src/testing/world/crashPoints.ts';
import { troupe, worker } from './child.ts';
import type { Stage } from './stage.ts';

export interface Round {
  readonly rooms: number;
  play(stage: Stage, random: () => number): Promise<void>;
}

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));
/** After so many kills a round continues without faults. */
const deaths = 6;
/** The crash points that this agent reaches in every run; crashEverywhere covers the others. */
const points: readonly CrashPointKind[] = ['commit', 'send', 'acknowledge'];

export const rounds: Readonly<Record<string, Round>> = {
  /** The real `troupe run`, killed with SIGKILL a random time after it started to work. */
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

  /** One process is frozen until another one has taken its runs over, and continued while that one works. */
  zombies: {
    rooms: 2,
    async play(stage, random) {
      const sleeper = worker(stage.db, stage.outside.url, stage.rooms);
      await sleeper.working;
      await pause(random() * 150);
      sleeper.kill('SIGSTOP');
      const heir = worker(stage.db, stage.outside.url, stage.rooms);
      // A process frozen in the middle of a write holds the lock of the file, and the successor reports it: it can take over only when the frozen process continues.
      await heir.working;
      await pause(random() * 200);
      sleeper.kill('SIGCONT');
      const [woken, end] = await Promise.all([sleeper.ended, heir.ended]);
      // The process may have finished before it was frozen.
      if (end.out !== woken.out) stage.counts.zombies++;
      stage.mustHaveFinished(end);
      if (woken.signal !== null)
        stage.violations.push(`the frozen process did not end by itself: ${woken.err.slice(-2_000)}`);
    },
  },

  /** SIGTERM in the middle: the real `troupe run` parks its run and exits soon, and the next one continues at once. */
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
        // The run was parked (3), had not started (130), or had ended already and no handler was left.
        const isOver = end.signal === 'SIGTERM' && end.err.includes(' completed ');
        if (end.code !== 3 && end.code !== 130 && !isOver)
          stage.violations.push(`SIGTERM ended it with ${end.signal ?? end.code}: ${end.err}`);
      }
      stage.mustHaveFinished(await troupe(stage.db, stage.outside.url, room).ended);
    },
  },
};
