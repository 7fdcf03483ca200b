/** One chaos round: a new journal file, a new outside service, some rooms to fill, and checks whether every promise was kept. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Journal } from '../../src/journal/journal.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import type { ProcessEnd } from './child.ts';
import { turns } from './clerk.ts';
import { startOutsideService, type OutsideService } from './outsideService.ts';

/** The faults of the processes, and their results. */
export interface ChaosCounts {
  rounds: number;
  runs: number;
  kills: number;
  /** Kills of the NATS server of the nodes. */
  serverKills: number;
  /** Streams that an operator changed meanwhile. */
  edits: number;
  zombies: number;
  terms: number;
  effects: number;
  /** Repeated calls under a key that the service had applied already. */
  absorbed: number;
  dropped: number;
  refused: number;
  lost: number;
  duplicated: number;
}

export const noCounts = (): ChaosCounts => ({
  rounds: 0,
  runs: 0,
  kills: 0,
  serverKills: 0,
  edits: 0,
  zombies: 0,
  terms: 0,
  effects: 0,
  absorbed: 0,
  dropped: 0,
  refused: 0,
  lost: 0,
  duplicated: 0,
});

export class ChaosRound implements AsyncDisposable {
  readonly db: string;
  readonly rooms: readonly string[];
  readonly service: OutsideService;
  readonly counts = noCounts();
  readonly violations: string[] = [];
  readonly #folder: string;
  readonly #read: () => Promise<Journal>;
  #settled = new Set<string>();
  #seen = 0;

  /** `read` opens the journal for the checks. Default: the round's own file. */
  static async open(random: () => number, rooms: number, read?: () => Promise<Journal>): Promise<ChaosRound> {
    return new ChaosRound(await startOutsideService({ random, drop: 0.05, refuse: 0.05 }), rooms, read);
  }

  private constructor(service: OutsideService, rooms: number, read: (() => Promise<Journal>) | undefined) {
    this.#folder = mkdtempSync(join(tmpdir(), 'troupe-chaos-'));
    this.db = join(this.#folder, 'j.db');
    this.#read = read ?? (() => sqlite(this.db));
    this.service = service;
    this.rooms = Array.from({ length: rooms }, (_, room) => `room${room}`);
  }

  /** To call after a process has ended: no call whose result was in the ledger was repeated, and the file is undamaged. */
  async checkLedgers(): Promise<void> {
    await using journal = await this.#read();
    for (const { actor, seq, what } of (await journal.verify()).damage)
      this.violations.push(`commit ${seq} of ${actor} is damaged: ${what}`);
    const ledgers = await Promise.all(this.rooms.map((room) => journal.ledger(room)));
    // Other processes go on while the ledgers are read: a call until then may be the one whose result is read.
    const { calls } = this.service;
    for (const { path, key } of calls.slice(this.#seen))
      if (this.#settled.has(key)) this.violations.push(`${path} was called again under ${key}, whose result was known`);
    this.#seen = calls.length;
    this.#settled = new Set(ledgers.flat().map(({ key }) => key));
  }

  /** The process that finished the runs must have printed their results. */
  expectFinished({ code, signal, out, err }: ProcessEnd): void {
    const missing = this.rooms.filter((room) => !out.includes(`Filled ${turns} shelves of ${room}.`));
    if (code !== 0 || missing.length > 0)
      this.violations.push(
        `it ended with ${signal ?? code}, without ${missing.join(', ') || 'anything missing'}:\n${out}${err.slice(-2_000)}`,
      );
  }

  /** To call at the end: no effect has failed, every write was applied exactly once, every actor has ended, and no former owner has committed. */
  async checkOutcome(): Promise<void> {
    await this.checkLedgers();
    const { service, counts, rooms } = this;
    await using journal = await this.#read();
    for (const room of rooms)
      for (const { key, name, outcome } of await journal.ledger(room))
        if (!outcome.ok)
          this.violations.push(`${name} failed under ${key} (${outcome.failure.kind}): ${outcome.failure.message}`);
    for (const room of rooms)
      for (let shelf = 0; shelf < turns; shelf++) {
        const times = service.applied.get(`/put/${room}/${shelf}`) ?? 0;
        if (times === 0) counts.lost++;
        if (times > 1) counts.duplicated++;
        if (times !== 1) this.violations.push(`shelf ${shelf} of ${room} was filled ${times} times`);
      }
    for (const room of rooms) {
      for (const { actor, state } of await journal.find({ run: room, status: 'active' }))
        this.violations.push(`${actor} is still alive, in ${state}`);
      const history = await journal.history({ run: room });
      for (const [index, { actor, seq, epoch }] of history.entries())
        if (epoch < (history[index - 1]?.epoch ?? 0))
          this.violations.push(`commit ${seq} of ${actor} was written by a former owner (epoch ${epoch})`);
    }
    const applied = [...service.applied.values()].reduce((sum, times) => sum + times, 0);
    const { dropped, refused } = service.faults;
    counts.rounds++;
    counts.runs += rooms.length;
    counts.effects += applied;
    counts.absorbed += service.calls.length - refused - applied;
    counts.dropped += dropped;
    counts.refused += refused;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
