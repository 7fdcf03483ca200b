/**
 * Pulls the plug at every point of a run, before and after it, and looks whether the run ends as if nothing had happened.
 *
 * A point is a commit, a result put in the ledger, a message sent, or an acknowledgement. At the crash nothing more is heard of that
 * process: its journal and transport never answer again, its effects are cut off. A second process goes on with the same journal.
 */
import type { Json } from '../contracts/json.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { memory } from '../journal/memory.ts';
import type { ActorType } from '../system/actorType.ts';
import { Host } from '../system/host.ts';
import { inProcess } from '../transport/inProcess.ts';
import type { Transport } from '../transport/transport.ts';
import { virtualClock, type VirtualClock } from './clock.ts';

/** What a process works with; a wrapper may plant a fault. */
export interface Parts {
  readonly journal: Journal;
  readonly transport: Transport;
}

export interface Scenario {
  readonly type: ActorType;
  readonly input: Json;
  /** What people do when nothing goes on by itself: answer a ticket, send a signal. True when something was done. */
  nudge?(host: Host, journal: Journal, run: string): Promise<boolean>;
  /** What the world looks like at the end. It must be the same wherever the plug was pulled. */
  world(): Json;
  /** What went wrong in the world meanwhile, in words: something done twice, a call repeated whose result was known. */
  complaints?(ledger: ReadonlySet<string>): readonly string[];
}

export interface CrashOptions {
  /** Makes the scenario anew, with a fresh world. `known` holds the keys whose results are in the ledger by now. */
  readonly scenario: (known: ReadonlySet<string>, clock: VirtualClock) => Scenario;
  /** Only these points, as a violation names them: `12 after`. */
  readonly only?: readonly string[];
  /** Plants a fault in every process: the proof must then fail. */
  readonly fault?: (parts: Parts, clock: VirtualClock) => Parts;
  /** Steps of waiting and nudging before a run counts as stuck. */
  readonly patience?: number;
}

export interface CrashReport {
  /** Points of the undisturbed run. */
  readonly points: number;
  readonly crashes: number;
  /** Each names its point, and what was wrong. */
  readonly violations: readonly string[];
}

interface Point {
  readonly at: number;
  readonly when: 'before' | 'after';
}

interface Ending {
  readonly output: string;
  readonly world: string;
  readonly complaints: readonly string[];
  readonly points: readonly string[];
}

const run = 'crash';

/** Runs the scenario once undisturbed, then once for every point and side. Never throws for a violation: it reports them all. */
export async function crashEverywhere(options: CrashOptions): Promise<CrashReport> {
  const reference = await execute(options, undefined);
  const violations = reference.complaints.map((complaint) => `undisturbed: ${complaint}`);
  let crashes = 0;
  for (const [index, what] of reference.points.entries()) {
    for (const when of ['before', 'after'] as const) {
      const name = `${index + 1} ${when}`;
      if (options.only && !options.only.includes(name)) continue;
      crashes++;
      const ending = await execute(options, { at: index + 1, when });
      const say = (problem: string) =>
        violations.push(
          `point ${index + 1} of ${reference.points.length}, ${when} ${what}: ${problem} (again: crashEverywhere({ …, only: ['${name}'] }))`,
        );
      if (ending.output !== reference.output) say(`it ended as ${ending.output}, undisturbed as ${reference.output}`);
      if (ending.world !== reference.world) say(`the world is ${ending.world}, undisturbed ${reference.world}`);
      ending.complaints.forEach(say);
    }
  }
  return { points: reference.points.length, crashes, violations };
}

async function execute(
  { scenario, fault = (parts) => parts, patience = 400 }: CrashOptions,
  crash: Point | undefined,
): Promise<Ending> {
  const clock = virtualClock();
  const disk = memory();
  const known = new Set<string>();
  const { type, input, nudge, world, complaints } = scenario(known, clock);
  const points: string[] = [];
  const root = `${type.name}/${run}`;

  for (let process = 1; ; process++) {
    const life = new Life(process === 1 ? crash : undefined, points);
    const parts = { journal: life.journal(disk, known), transport: life.transport(inProcess()) };
    const { journal, transport } = fault(parts, clock);
    const host = new Host({ journal, transport, clock, lease: { owner: `process ${process}`, alive: () => false } });
    life.onDeath = () => host.abandon();
    void host.start(type, { run, input }).catch(() => {}); // A start that cannot be made shows as a run that does not end.
    for (let step = 0; step < patience && !life.dead; step++) {
      await turns();
      const [row] = await disk.find({ actor: root });
      if (row && row.status !== 'active') {
        host.abandon();
        return { output: outputOf(row), world: JSON.stringify(world()), complaints: complaints?.(known) ?? [], points };
      }
      if (life.dead || !host.quiet(run)) continue;
      // Whoever speaks to a process that dies meanwhile gets no answer.
      if (await Promise.race([nudge?.(host, disk, run), life.death])) continue;
      if (clock.next !== undefined) clock.advance(clock.next - clock.now());
    }
    if (!life.dead) {
      host.abandon();
      return { output: 'stuck', world: JSON.stringify(world()), complaints: complaints?.(known) ?? [], points };
    }
  }
}

/** One process, mortal at one point. */
class Life {
  readonly #crash: Point | undefined;
  readonly #points: string[];
  #count = 0;
  readonly death: Promise<true>;
  #end!: (dead: true) => void;
  dead = false;
  onDeath: () => void = () => {};

  constructor(crash: Point | undefined, points: string[]) {
    this.#crash = crash;
    this.#points = points;
    this.death = new Promise((end) => (this.#end = end));
  }

  journal(inner: Journal, known: Set<string>): Journal {
    const note = (results: readonly { key: string }[]) => results.forEach(({ key }) => known.add(key));
    return this.#mortal(inner, {
      commit: (commit) =>
        this.#point(`the commit ${commit.seq} of ${commit.actor} (${commit.event.type})`, async () => {
          await inner.commit(commit);
          note(commit.results);
        }),
      record: (...args) =>
        this.#point(`the result ${args[4].key}`, async () => {
          await inner.record(...args);
          note([args[4]]);
        }),
    });
  }

  transport(inner: Transport): Transport {
    return this.#mortal(inner, {
      send: (envelope) =>
        this.#point(`the sending of "${envelope.type}" to ${envelope.to}`, () => inner.send(envelope)),
      listen: (address, receive) =>
        inner.listen(address, (envelope) =>
          this.#point(`the acknowledgement of "${envelope.type}" by ${address}`, () => this.#alive(receive(envelope))),
        ),
    });
  }

  /** What is asked of a dead process's parts is never answered. */
  #mortal<T extends object>(inner: T, numbered: Partial<T>): T {
    const own = numbered as Record<PropertyKey, unknown>;
    return new Proxy(inner, {
      get: (target, name) => {
        const method = own[name] ?? (target as Record<PropertyKey, unknown>)[name];
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          const call = method as (...args: unknown[]) => unknown;
          if (this.dead) return name === 'listen' || name === 'settle' ? { [Symbol.dispose]() {} } : never();
          const answer = call.apply(target, args);
          return answer instanceof Promise ? this.#alive(answer) : answer;
        };
      },
    });
  }

  async #point<T>(what: string, work: () => Promise<T>): Promise<T> {
    const number = ++this.#count;
    if (!this.#crash && !this.dead) this.#points.push(what);
    if (number === this.#crash?.at && this.#crash.when === 'before') return this.#die();
    const answer = await work();
    if (number === this.#crash?.at && this.#crash.when === 'after') return this.#die();
    return answer;
  }

  #die(): Promise<never> {
    this.dead = true;
    this.#end(true);
    this.onDeath();
    return never();
  }

  #alive<T>(answer: Promise<T>): Promise<T> {
    return answer.then(
      (value) => (this.dead ? never() : value),
      (thrown: unknown) => {
        if (this.dead) return never();
        throw thrown;
      },
    );
  }
}

const never = (): Promise<never> => new Promise(() => {});

function outputOf({ status, state, snapshot }: ActorRow): string {
  const { state: saved, failure } = snapshot as { state?: { output?: Json }; failure?: Json };
  return JSON.stringify({ status, state, output: saved?.output ?? null, failure: failure ?? null });
}

/** Lets everything that can happen without the clock happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise<void>((next) => setImmediate(next));
}
