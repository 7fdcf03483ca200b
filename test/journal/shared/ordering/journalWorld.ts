/** Processes that share a journal under one seed, with faults; and afterwards whether the journal kept what it had promised. */
import { memoryStore } from '../../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../../src/journal/shared/shared.ts';
import type { SharedStore } from '../../../../src/journal/shared/store.ts';
import type { Upkeep } from '../../../../src/journal/shared/upkeep.ts';
import type { Journal } from '../../../../src/journal/journal.ts';
import { virtualClock } from '../../../../src/testing/clock.ts';
import { FaultClock } from '../../../../src/testing/world/faultClock.ts';
import type { FaultContext } from '../../../../src/testing/world/faultContext.ts';
import { everyFault, FaultPlan, type FaultKind } from '../../../../src/testing/world/faultPlan.ts';
import { FaultyStore, worldStore, type WorldStore } from '../../../../src/testing/world/faultyStore.ts';
import { seededRandom } from '../../../../src/testing/world/random.ts';
import { Evidence } from './evidence.ts';
import { judge } from './judge.ts';
import { RandomClient } from './randomClient.ts';

/** What is tried under one seed. */
export interface WorldOptions {
  readonly seed: number;
  readonly faults?: readonly FaultKind[];
  /** Plants a defect into the store of each process; none by default. */
  readonly plant?: (store: SharedStore) => SharedStore;
  /** Called with everything that happens, in words. */
  readonly trace?: (says: string) => void;
}

/** What came of it. */
export interface WorldResult {
  readonly problems: readonly string[];
  readonly commits: number;
  readonly faults: number;
}

/** Milliseconds for which faults strike. */
const disturbed = 30_000;
/** Milliseconds in which everything that is under way must come to its end afterwards. */
const patience = 500_000;

interface Life {
  readonly owner: string;
  readonly clock: FaultClock;
  readonly access: FaultyStore;
  readonly journal: Journal;
  readonly client: RandomClient;
}

const turn = () => new Promise<void>((next) => setImmediate(next));

/** Runs one seed. */
export function tryJournal(options: WorldOptions): Promise<WorldResult> {
  return new World(options).result();
}

class World {
  readonly #context: FaultContext;
  readonly #store: WorldStore;
  readonly #evidence = new Evidence();
  readonly #upkeep: Upkeep;
  readonly #runs: readonly string[];
  readonly #lives = new Map<string, Life>();
  readonly #dead = new Set<string>();
  readonly #seesDead: boolean;
  readonly #plant: (store: SharedStore) => SharedStore;
  readonly #trace: (says: string) => void;
  readonly #start: number;
  #count = 0;
  #isOpen = true;

  constructor({ seed, faults = everyFault, plant = (store) => store, trace }: WorldOptions) {
    this.#plant = plant;
    const time = virtualClock({ seed });
    const random = seededRandom(seed);
    this.#start = time.now();
    this.#trace = (says) => trace?.(`${((time.now() - this.#start) / 1_000).toFixed(3)}s ${says}`);
    const plan = new FaultPlan({
      seed,
      allowed: faults,
      now: () => time.now() - this.#start,
      report: ({ kind, where }) => this.#trace(`fault: ${kind}, ${where}`),
    });
    this.#context = { time, random, plan, full: { until: 0 } };
    this.#store = worldStore(memoryStore({ clock: time }), time);
    if (trace) this.#traceStore();
    this.#upkeep = {
      quietTime: random.pick([300, 2_000, 5_000]),
      trimBytes: random.pick([1_500, 6_000, 4_000_000]),
      keepEndedLog: random.pick([15_000, 600_000]),
    };
    this.#runs = Array.from({ length: random.between(1, 4) }, (_, n) => `r${n}`);
    this.#seesDead = random.chance(0.5);
    for (let n = 0; n < random.between(2, 4); n++) this.#begin(`p${n}`);
  }

  async result(): Promise<WorldResult> {
    const { time, plan, random } = this.#context;
    await this.#until(
      () => time.now() >= this.#start + disturbed,
      () => this.#disturb(),
    );
    this.#heal();
    const problems: string[] = [];
    const isIdle = () => [...this.#lives.values()].every(({ client }) => client.isIdle);
    if (!(await this.#until(isIdle))) problems.push('stands still: a process never ends what it has begun');
    const lives = [...this.#lives.values()];
    if (random.chance(0.5)) {
      let left = 0;
      const leave = async ({ client, journal }: Life) => {
        await client.leave();
        await journal[Symbol.asyncDispose]();
        left++;
      };
      for (const life of lives)
        void leave(life).catch((thrown: Error) => problems.push(`cannot leave: ${thrown.message}`));
      if (!(await this.#until(() => left === lives.length))) problems.push('stands still: a process cannot leave');
    }
    for (const life of lives) this.#kill(life);
    problems.push(...(await this.#judge()));
    for (const { clock } of this.#lives.values()) clock.kill();
    const commits = [...this.#evidence.acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
    return { problems: [...this.#evidence.wrong, ...problems], commits, faults: plan.struck.length };
  }

  async #judge(): Promise<string[]> {
    let verdict: string[] | undefined;
    const { time } = this.#context;
    judge({
      store: this.#store.truth,
      clock: time,
      runs: this.#runs,
      evidence: this.#evidence,
    }).then(
      (found) => (verdict = found),
      (thrown: Error) => (verdict = [`cannot be judged: ${thrown.message}`]),
    );
    await this.#until(() => verdict !== undefined);
    return verdict ?? ['stands still: what is stored cannot be read'];
  }

  /** Goes on until something holds; false when that takes too long. */
  async #until(holds: () => boolean, step: () => void = () => {}): Promise<boolean> {
    const { time } = this.#context;
    const end = time.now() + patience;
    for (;;) {
      await turn();
      if (holds()) return true;
      step();
      const { next } = time;
      if (next === undefined || next > end) return false;
      time.advance(Math.max(0, next - time.now()));
    }
  }

  /** Tells every change of the store. */
  #traceStore(): void {
    for (const [collection, logs] of Object.entries(this.#store.collections)) {
      const { append, trim, remove } = logs;
      Object.assign(logs, {
        append(this: World, ...[name, expected, message]: Parameters<typeof append>) {
          const appended = append(name, expected, message);
          const { 'Troupe-Summary': _, 'Troupe-Chain': _chain, ...headers } = message.headers;
          const ids = [...new TextDecoder('latin1').decode(message.body).matchAll(/"event":{"id":"([^"]*)"/g)].map(
            ([, id]) => id,
          );
          const body = collection === 'logs' ? new TextDecoder().decode(message.body) : '';
          const notes = (/"(took|roster)":\[[^\]]*\]/.exec(body) ?? [''])[0];
          void appended.then((sequence) =>
            this.#trace(
              `${collection} ${name} ${expected} -> ${sequence ?? 'refused'} ${JSON.stringify(headers)} ${ids.join(' ')} ${notes} (${message.body.length})`,
            ),
          );
          return appended;
        },
      });
      Object.assign(logs, {
        append: logs.append.bind(this),
        trim: (name: string, before: number) => {
          this.#trace(`${collection} ${name} trimmed before ${before}`);
          return trim(name, before);
        },
        remove: (name: string) => {
          this.#trace(`${collection} ${name} removed`);
          return remove(name);
        },
      });
    }
  }

  #begin(name: string): void {
    const { time, random } = this.#context;
    const clock = new FaultClock(time);
    const access = new FaultyStore(this.#store, { name, clock, context: this.#context });
    const owner = `${name}#${++this.#count}`;
    const journal = shared({
      store: this.#plant(access.store),
      clock,
      upkeep: this.#upkeep,
      onNotice: (says) => this.#trace(`${owner}: ${says}`),
    });
    const client = new RandomClient({
      owner,
      journal,
      clock,
      random,
      runs: this.#runs,
      evidence: this.#evidence,
      trace: (says) => this.#trace(`${owner} ${says}`),
      alive: (other) => !(this.#seesDead && this.#dead.has(other)),
      isOpen: () => this.#isOpen && !clock.dead,
    });
    this.#lives.set(name, { owner, clock, access, journal, client });
    client.start();
  }

  #disturb(): void {
    const { time, plan, full } = this.#context;
    for (const [name, life] of this.#lives) {
      const { clock, access } = life;
      if (clock.dead) continue;
      if (plan.strikes('crash', name, 0.005)) {
        this.#kill(life);
        time.wake(time.now() + plan.size('crash', 1, 10_000), () => this.#isOpen && this.#begin(name));
      } else if (!clock.paused && plan.strikes('zombie', name, 0.005)) {
        clock.pause();
        access.pause();
        time.wake(time.now() + plan.size('zombie', 100, 40_000), () => {
          access.resume();
          clock.resume();
        });
      }
      if (plan.strikes('partition', name, 0.003)) access.partition(time.now() + plan.size('partition', 1, 15_000));
      if (plan.strikes('clock', name, 0.003)) clock.skew(plan.size('clock', -60_000, 60_000));
    }
    if (plan.strikes('full', 'the disk', 0.002)) full.until = time.now() + plan.size('full', 1, 15_000);
  }

  #kill({ owner, clock, access }: Life): void {
    this.#trace(`${owner} dies`);
    this.#dead.add(owner);
    access.crash();
    clock.kill();
  }

  #heal(): void {
    const { plan, full } = this.#context;
    this.#trace('no faults any more');
    this.#isOpen = false;
    plan.end();
    full.until = 0;
    for (const [name, { clock, access }] of new Map(this.#lives)) {
      if (clock.dead) this.#lives.delete(name);
      access.partition(0);
      access.resume();
      clock.resume();
    }
  }
}
