/** A process for tests: a host on a virtual clock that can be killed and replaced, and a record of all inspection events. */
import { virtualClock, type VirtualClock } from '../../src/testing/clock.ts';
import type { Envelope } from '../../src/contracts/envelope.ts';
import type { Inspection } from '../../src/contracts/inspection.ts';
import type { Json, JsonObject } from '../../src/values/json.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { ActorType, ActorTypeOptions } from '../../src/core/actorType.ts';
import { actorType } from '../../src/engine/nodePlatform.ts';
import { Host, type HostOptions } from '../../src/engine/host.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import type { Transport } from '../../src/transport/transport.ts';

/** Waits until no work is left that needs no clock. Nothing here waits for real time, so a few turns of the event loop are enough. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export interface Process {
  readonly host: Host;
  readonly transport: Transport;
}

export class TestProcess {
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly inspections: Inspection[] = [];
  readonly #options: Partial<HostOptions>;
  #processes = 0;
  #current: Process;

  constructor({ journal = memory(), ...options }: Partial<HostOptions> & { clock?: VirtualClock } = {}) {
    this.clock = options.clock ?? virtualClock();
    this.journal = journal;
    this.#options = options;
    this.#current = this.startProcess();
  }

  get host(): Host {
    return this.#current.host;
  }

  get transport(): Transport {
    return this.#current.transport;
  }

  /** Another process on the same journal. */
  startProcess(options: Partial<HostOptions> = {}): Process {
    const transport = inProcess();
    const lease = { owner: `process-${++this.#processes}` };
    const observe = (event: Inspection) => void this.inspections.push(event);
    return {
      transport,
      host: new Host({
        journal: this.journal,
        transport,
        clock: this.clock,
        lease,
        observe,
        ...this.#options,
        ...options,
      }),
    };
  }

  /** Kills the process (kill -9), and replaces it by another one that knows the first one is dead. */
  crash(): Host {
    this.host.abandon();
    this.#current = this.startProcess({ lease: { owner: `process-${++this.#processes}`, alive: () => false } });
    return this.host;
  }

  /** Starts a run and waits until it settles. Gives the address of its root. `said`: so many entries are in the list of that name from the beginning. */
  async start(type: ActorType, input: Json = null, run = 'r1', said = 0): Promise<string> {
    const appends = Array.from({ length: said }, (_, n) => ({ list: 'said', entry: n }));
    const address = await this.host.start(type, { run, input, appends });
    await settle();
    return address;
  }

  /** Crashes the process, and resumes the run in another one. */
  async resume(type: ActorType, run = 'r1'): Promise<void> {
    await this.crash().resume(run, type);
    await settle();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  /** Sends an event from outside; rejects with the error of the actor when it refuses the event. */
  async signal(to: string, event: { type: string } & JsonObject, over: Partial<Envelope> = {}): Promise<void> {
    await this.transport.send(this.envelope(to, event, over));
    await settle();
  }

  envelope(to: string, { type, ...body }: { type: string } & JsonObject, over: Partial<Envelope> = {}): Envelope {
    return {
      id: this.clock.id(),
      type,
      body: body as Envelope['body'],
      from: 'person/ann',
      to,
      run: 'r1',
      kind: 'signal',
      ...over,
    };
  }

  /** The states of an actor, by its commits. `actor` is a prefix: the states of all actors that match it. */
  states(actor: string): Json[] {
    return this.commits(actor).map(({ state }) => state);
  }

  commits(actor: string): Extract<Inspection, { type: 'commit' }>[] {
    return this.inspections.flatMap((event) =>
      event.type === 'commit' && event.actor.startsWith(actor) ? [event] : [],
    );
  }

  deadLetters(): Extract<Inspection, { type: 'dead' }>[] {
    return this.inspections.flatMap((event) => (event.type === 'dead' ? [event] : []));
  }

  /** The state of the actor that is stored in the journal. */
  async row(
    actor: string,
  ): Promise<{ status: string; state: string; context: JsonObject; failure?: JsonObject; output?: Json }> {
    const [row] = await this.journal.find({ actor });
    if (!row) throw new Error(`no ${actor}`);
    const { state, failure } = row.snapshot as { state: { context?: JsonObject; output?: Json }; failure?: JsonObject };
    return {
      status: row.status,
      state: row.state,
      context: state.context ?? {},
      ...(state.output === undefined ? {} : { output: state.output }),
      ...(failure ? { failure } : {}),
    };
  }

  /** The address of the last started actor whose address begins with `prefix`. */
  async find(prefix: string): Promise<string> {
    const rows = await this.journal.find({ limit: 1_000_000 });
    const addresses = rows.map(({ actor }) => actor).filter((actor) => actor.startsWith(prefix));
    if (addresses.length === 0)
      throw new Error(`no actor begins with ${prefix}…: ${rows.map(({ actor }) => actor).join(', ')}`);
    return addresses.sort((a, b) => Number(b.split('-').at(-1)) - Number(a.split('-').at(-1)))[0]!;
  }
}

export const type = (machine: Parameters<typeof actorType>[0], options?: ActorTypeOptions): ActorType =>
  actorType(machine, options);
