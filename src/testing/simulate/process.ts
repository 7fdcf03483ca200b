/** One process of a simulation: a host of its own on the shared disk, which may stand still, die and come back. */
import type { Inspection } from '../../contracts/inspection.ts';
import type { Json } from '../../contracts/json.ts';
import type { Journal } from '../../journal/journal.ts';
import type { ActorType } from '../../system/actorType.ts';
import { Host } from '../../system/host.ts';
import { Disk, type Surroundings } from './disk.ts';
import { Gate } from './gate.ts';
import { inProcess } from '../../transport/inProcess.ts';
import type { Transport } from '../../transport/transport.ts';
import { network } from './network.ts';
import { Replica, type Shared, type ViewFile } from './replica.ts';

export interface World extends Surroundings {
  readonly disk: Journal;
  /** Given, each process plays this into a copy of its own, instead of the one disk. */
  readonly shared: Shared | undefined;
  readonly run: string;
  readonly input: Json;
  /** The definition in its versions: a process may come back with a later one. */
  readonly versions: readonly ActorType[];
  /** Do processes see that another one is dead, or does only its lease tell? */
  readonly seeDead: boolean;
  readonly dead: Set<string>;
  seen(process: string, event: Inspection): void;
  /** What carries messages within a process. */
  readonly carrier: (transport: Transport) => Transport;
  /** Tells an effect whose process performs it. */
  readonly processes: Map<Gate['clock'], Process>;
}

export class Process {
  readonly name: string;
  readonly #world: World;
  #lives = 0;
  #version = 0;
  gate!: Gate;
  host!: Host;
  #disk!: Disk | Replica;
  /** What it left on its machine when it died. */
  #file: ViewFile | undefined;

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
    this.begin();
  }

  get up(): boolean {
    return !this.gate.dead;
  }

  get #owner(): string {
    return `${this.name}#${this.#lives}`;
  }

  begin(): void {
    const { time, plan, disk, shared, versions, carrier, seeDead, dead, seen, processes } = this.#world;
    this.#lives++;
    if (plan.strikes('upgrade', this.name, 0.5)) this.#version = versions.length - 1;
    this.gate = new Gate(time);
    this.#disk = shared
      ? new Replica(shared, this.gate, this.name, this.#world, this.#file)
      : new Disk(disk, this.gate, this.name, this.#world);
    processes.set(this.gate.clock, this);
    this.host = new Host({
      journal: this.#disk.journal,
      transport: network(carrier(inProcess()), this.gate.clock, plan),
      clock: this.gate.clock,
      lease: { owner: this.#owner, ttl: 20_000, alive: (owner) => !(seeDead && dead.has(owner)) },
      observe: (event) => seen(this.name, event),
      poll: 5_000,
    });
  }

  /** Goes on with the run where nobody else does, as whoever wants its result would. */
  async take(): Promise<void> {
    const { run, input, versions } = this.#world;
    if (this.gate.dead || this.gate.still || this.host.owns(run)) return;
    await this.host.start(versions[this.#version]!, { run, input }).catch(() => {}); // Somebody else has it, or the journal is away.
  }

  die(): void {
    this.#world.dead.add(this.#owner);
    const file = this.#disk.tear() ?? undefined;
    // It may come back on another machine.
    this.#file = file && this.#world.random.chance(0.5) ? file : undefined;
    this.gate.die();
    this.host.abandon();
  }

  /** Of a shared journal: its own copy. */
  get replica(): Replica | undefined {
    return this.#disk instanceof Replica ? this.#disk : undefined;
  }

  cutOff(until: number): void {
    this.#disk.cutOff(until);
  }
}
