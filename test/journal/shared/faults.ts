/** Two processes that share a journal in memory, and a server that fails for one of them. */
import { virtualClock } from 'troupe/testing';
import { expect } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import { emptyStore, memoryStore, type StoreContents } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { FencedLogs, Presence, SharedStore } from '../../../src/journal/shared/store.ts';
import type { Upkeep } from '../../../src/journal/shared/upkeep.ts';
import { TroupeError } from '../../../src/values/failure.ts';

/** What becomes of an append: it is made, it never arrives, only its answer is lost, or the disk is full. */
export type Weather = 'well' | 'away' | 'unanswered' | 'full';

/** The claim of a test: the times are those that other journals need. */
export const claimOptions = { now: 1_700_000_000_000, ttl: 60_000 };

/** What every process can read of the run `r` and its actor `agent/r`. */
export const contentsOf = async (journal: Journal) => ({
  history: await journal.history({ run: 'r' }),
  said: await journal.list('agent/r', 'said'),
  dead: await journal.list('agent/r', 'dead'),
  ledger: await journal.ledger('r'),
  mail: (await journal.mail('r')).map(({ id }) => id),
  claims: (await journal.claims()).map(({ run, owner, epoch }) => ({ run, owner, epoch })),
});

/** Opens both. `other` has a server that is always well. */
export function sharedWorld(upkeep: Partial<Upkeep> = {}) {
  const clock = virtualClock();
  const contents = emptyStore();
  const truth = memoryStore({ clock, contents });
  const server: { weather: Weather; appends: number } = { weather: 'well', appends: 0 };
  const requireServer = () => {
    if (server.weather === 'away' || server.weather === 'unanswered')
      throw new TroupeError('storage', 'The server is away.');
  };
  const faulty = (inner: FencedLogs): FencedLogs => ({
    ...inner,
    async append(...asked) {
      server.appends++;
      if (server.weather === 'full') throw new TroupeError('storage', 'No room.', { data: { reason: 'no space' } });
      if (server.weather === 'away') requireServer();
      const sequence = await inner.append(...asked);
      requireServer();
      return sequence;
    },
  });
  const store: SharedStore = {
    ...truth,
    // While the server is away nobody learns from it what became of an entry.
    logs: { ...faulty(truth.logs), last: async (name) => (requireServer(), truth.logs.last(name)) },
    runs: faulty(truth.runs),
    mail: faulty(truth.mail),
    free: faulty(truth.free),
  };
  const open = (over: Partial<SharedStore> = {}) => shared({ store: { ...truth.open(), ...over }, clock, upkeep });
  const mine = shared({ store, clock, upkeep });
  const other = open();
  /** In steps, so that a timer that is set on the way is due as well. */
  const advance = async (ms: number, step = 100) => {
    for (let passed = 0; passed < ms; passed += step) {
      clock.advance(step);
      await new Promise((turn) => setImmediate(turn));
    }
  };
  return {
    clock,
    contents,
    truth,
    server,
    mine,
    other,
    open,
    advance,
    /** The server fails until the write is rejected. */
    async unsure(weather: Weather, write: () => Promise<unknown>) {
      server.weather = weather;
      const rejected = expect(write()).rejects.toMatchObject({ kind: 'storage', retryable: true });
      await advance(10_000);
      await rejected;
    },
    async back() {
      server.weather = 'well';
      await advance(10_000);
    },
    async [Symbol.asyncDispose]() {
      server.weather = 'well';
      await Promise.all([mine, other].map((journal) => journal[Symbol.asyncDispose]()));
    },
  };
}

/** How a process is cut off: no announcement of it arrives. */
export const cutOff = (presence: Presence): Presence => ({
  ...presence,
  announce: () => Promise.reject(new TroupeError('storage', 'The server is away.')),
  answer: () => ({ [Symbol.dispose]() {} }),
});

/** Changes a byte of a stored message. */
export function damage(contents: StoreContents, collection: keyof StoreContents, name: string, index: number): void {
  const { body } = contents[collection].logs.get(name)?.[index] ?? {};
  if (!body || body.length === 0) throw new Error(`There is no message ${index} of ${name} with a body.`);
  const at = body.length >> 1;
  body[at] = (body[at] ?? 0) ^ 0xff;
}
