/** The kinds of chaos rounds. Each continues until every room is filled; then `ChaosRound` checks the result. */
import type { CrashPointKind } from '../../src/testing/world/crashPoints.ts';
import { troupe, worker } from './child.ts';
import type { ChaosRound } from './chaosRound.ts';

export interface RoundKind {
  readonly rooms: number;
  play(round: ChaosRound, random: () => number): Promise<void>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** After so many kills a round continues without faults. */
const maxKills = 6;
/** The crash points that this agent reaches in every run; crashEverywhere covers the others. */
const points: readonly CrashPointKind[] = ['commit', 'send', 'acknowledge'];

export const rounds: Readonly<Record<string, RoundKind>> = {
  /** The real `troupe run`, killed with SIGKILL a random time after it started to work. */
  kills: {
    rooms: 1,
    async play(round, random) {
      const [room] = round.rooms as readonly [string];
      for (let count = 0; count < maxKills; count++) {
        const child = troupe(round.db, round.service.url, room);
        await child.working;
        await pause(random() * 250);
        child.kill('SIGKILL');
        const end = await child.ended;
        await round.checkLedgers();
        if (end.signal !== 'SIGKILL') return round.expectFinished(end);
        round.counts.kills++;
      }
      round.expectFinished(await troupe(round.db, round.service.url, room).ended);
    },
  },

  /** Several runs at once in one process, which kills itself at a named point, before it or after. */
  points: {
    rooms: 3,
    async play(round, random) {
      for (let count = 0; count < maxKills; count++) {
        const kind = points[Math.floor(random() * points.length)]!;
        const point = `${kind} ${1 + Math.floor(random() * 25)} ${random() < 0.5 ? 'before' : 'after'}`;
        const end = await worker(round.db, round.service.url, round.rooms, point).ended;
        await round.checkLedgers();
        if (end.signal !== 'SIGKILL') return round.expectFinished(end);
        round.counts.kills++;
      }
      round.expectFinished(await worker(round.db, round.service.url, round.rooms).ended);
    },
  },

  /** One process is frozen until another one has taken its runs over, and continued while that one works. */
  zombies: {
    rooms: 2,
    async play(round, random) {
      const frozen = worker(round.db, round.service.url, round.rooms);
      await frozen.working;
      await pause(random() * 150);
      frozen.kill('SIGSTOP');
      const successor = worker(round.db, round.service.url, round.rooms);
      // A process frozen in the middle of a write holds the lock of the file, and the successor reports it: it can take over only when the frozen process continues.
      await successor.working;
      await pause(random() * 200);
      frozen.kill('SIGCONT');
      const [continued, end] = await Promise.all([frozen.ended, successor.ended]);
      // The process may have finished before it was frozen.
      if (end.out !== continued.out) round.counts.zombies++;
      round.expectFinished(end);
      if (continued.signal !== null)
        round.violations.push(`the frozen process did not end by itself: ${continued.err.slice(-2_000)}`);
    },
  },

  /** SIGTERM in the middle: the real `troupe run` parks its run and exits soon, and the next one continues at once. */
  terms: {
    rooms: 1,
    async play(round, random) {
      const [room] = round.rooms as readonly [string];
      for (let term = 0; term < maxKills; term++) {
        const child = troupe(round.db, round.service.url, room);
        await child.working;
        await pause(random() * 250);
        child.kill('SIGTERM');
        const end = await child.ended;
        await round.checkLedgers();
        if (end.code === 0) return round.expectFinished(end);
        round.counts.terms++;
        // The run was parked (3), had not started (130), or had ended already and no handler was left.
        const isOver = end.signal === 'SIGTERM' && end.err.includes(' has ended well');
        if (end.code !== 3 && end.code !== 130 && !isOver)
          round.violations.push(`SIGTERM ended it with ${end.signal ?? end.code}: ${end.err}`);
      }
      round.expectFinished(await troupe(round.db, round.service.url, room).ended);
    },
  },
};
