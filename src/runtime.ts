/** Puts the rooms together: the only file that knows them all. Everything that opens here is closed by disposing the runtime. */
import type { Clock } from './contracts/clock.ts';
import { milliseconds, type Duration } from './contracts/duration.ts';
import type { Envelope } from './contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from './contracts/failure.ts';
import { requireId, type Address } from './contracts/ids.ts';
import type { Observer } from './contracts/inspection.ts';
import type { Json, JsonObject } from './contracts/json.ts';
import type { Messages, Protocol } from './contracts/protocol.ts';
import { breaker } from '../actors/gateway.ts';
import { gateway as openGateway, type Gateway, type GatewayOptions } from './gateway/gateway.ts';
import type { Journal } from './journal/journal.ts';
import { fanOut } from './observe/fanOut.ts';
import { healthTracker, type HealthReport } from './observe/health.ts';
import type { ActorType } from './system/actorType.ts';
import { systemClock } from './system/clock.ts';
import { Host } from './system/host.ts';
import { isAlive, thisProcess } from './system/owner.ts';
import { Door, type Ref } from './system/ref.ts';
import { misfits } from './system/revival.ts';
import { compile } from './compile.ts';
import { ground, type GroundOptions } from './ground.ts';
import { outcomeOf, type Ended } from './outcome.ts';
import { inputOf, isSubject, type Subject } from './subject.ts';
import { signalFor } from './signals.ts';
import { requireInput } from './contracts/plain.ts';
import { ticketDesk, type Ticket } from './tickets.ts';

export { keyNames } from './gateway/providers.ts';
export { isSubject, type Subject, type Ticket };

export interface RuntimeOptions extends GroundOptions {
  readonly observers?: readonly Observer[];
  /** Model groups, prices and retries; see docs/models.md. */
  readonly gateway?: Omit<GatewayOptions, 'clock' | 'env'>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For tests: another clock. */
  readonly clock?: Clock;
  /** How often messages left by other processes are looked for; milliseconds, 250 unless told otherwise. */
  readonly poll?: number;
  /** For tests: what is done to every type of actor before it is used. */
  readonly prepare?: (type: ActorType) => ActorType;
}

export interface StartOptions {
  /** The same key is the same run: it is joined when it goes on, and its result is given again when it has ended. */
  readonly key?: string;
  /** Within what time from now the run must end. */
  readonly deadline?: Duration;
  /** Facts for people and commands: the file it came from. */
  readonly meta?: JsonObject;
}

export type RunOutcome =
  | Ended
  /** Only people can move it on. */
  | { readonly status: 'waiting'; readonly tickets: readonly Ticket[] }
  /** This process has let go of it; resume it here or elsewhere. With the failure that made it do so, if one did. */
  | { readonly status: 'parked'; readonly failure?: Failure };

export interface RunHandle {
  readonly id: string;
  readonly root: Address;
  outcome(options?: { returnWhenWaiting?: boolean }): Promise<RunOutcome>;
  /** Speaks to the root actor in the messages of a protocol: for a machine that `handles` them. */
  ref<M extends Messages>(protocol: Protocol<M>): Ref<M>;
  /** Is nothing of it being done right now, so that only time or a person can move it? */
  readonly resting: boolean;
  /** Lets go of the run, to be resumed. What is being done gets `grace` milliseconds to finish. */
  park(grace?: number): Promise<void>;
}

export interface Runtime extends AsyncDisposable {
  readonly journal: Journal;
  /** How the journal calls this runtime where it says who has a run. */
  readonly owner: string;
  start(subject: Subject, input: unknown, options?: StartOptions): Promise<RunHandle>;
  resume(run: string, subject: Subject): Promise<RunHandle>;
  /** What keeps a definition from going on with a stored run: an `incompatible` or `corrupt` failure for each actor that does not fit, none when it can. Changes nothing. */
  misfits(run: string, subject: Subject): Promise<Failure[]>;
  /** By what a stored run is judged to fit a definition: another one is another version of its machine. */
  hashOf(subject: Subject): string;
  /** Leaves a signal for any actor of any run, whoever owns it. Rejects with `invalid` when it takes no such signal, `conflict` when it has ended. */
  signal(actor: Address, event: { readonly type: string } & JsonObject): Promise<void>;
  tickets(run?: string): Promise<Ticket[]>;
  /** Answers a ticket. Rejects with `invalid` when the answer does not fit its schema, `conflict` when it is used up. */
  answer(ticket: Address, answer: Json, by?: string): Promise<void>;
  /** Withdraws a ticket. Rejects with `conflict` when it is used up. */
  abort(ticket: Address, reason: string, by?: string): Promise<void>;
  observe(observer: Observer): Disposable;
  /** How the agents, models and tool servers that this runtime has used are of late. */
  health(): HealthReport;
  /** Its time: milliseconds since the epoch. */
  now(): number;
  /** Parks what still runs and closes what was opened; `await using` does the same. */
  close(): Promise<void>;
}

/** Opens everything a run needs. @example await using runtime = await openRuntime({ db: 'memory' }); */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { env = process.env, clock = systemClock() } = options;
  const observers = fanOut(options.observers ?? []);
  const health = healthTracker(observers.observe);
  const gateway: Gateway = openGateway({ breaker: () => breaker(), ...options.gateway, clock, env });
  const lease = { owner: `${thisProcess()} ${clock.id()}`, alive: isAlive };
  const sender = `person/${clock.id()}`;
  // Opened when nothing else can fail any more: nobody would close it.
  const standsOn = await ground(options, env, clock);
  const { journal, transport } = standsOn;
  const { poll } = options;
  const host = new Host({
    journal,
    transport,
    clock,
    lease,
    // First what happened, then what it means for the health of whom.
    observe(event) {
      observers.observe(event);
      health.observe(event);
    },
    ...(poll === undefined ? {} : { poll }),
  });
  const opened: AsyncDisposable[] = [];
  let door: Door | undefined;
  const typeOfSubject = compile({ gateway, clock, opened, prepare: options.prepare });
  const tickets = ticketDesk(journal, signal);

  async function handle(subject: Subject, run: string, root: Address): Promise<RunHandle> {
    if (subject.kind === 'agent') health.name(root, subject.name);
    return {
      id: run,
      root,
      async outcome({ returnWhenWaiting = false } = {}) {
        for (;;) {
          const { promise: moved, stop } = nextRest(run);
          const outcome = await standing(subject, run, root, returnWhenWaiting);
          if (outcome) return (stop(), outcome);
          await moved;
        }
      },
      get resting() {
        return host.quiet(run);
      },
      ref: (protocol) => (door ??= new Door(transport, clock)).ref(protocol, root, run),
      async park(grace = 0) {
        await host.park(run, grace);
      },
    };
  }

  /** How the run stands; undefined while it goes on by itself. */
  async function standing(
    subject: Subject,
    run: string,
    root: Address,
    returnWhenWaiting: boolean,
  ): Promise<RunOutcome | undefined> {
    if (!host.owns(run) || !host.cell(root)) {
      const [row] = await journal.find({ actor: root });
      if (row && row.status !== 'active') return outcomeOf(row);
      if (!host.owns(run)) return parked(run);
    }
    if (!returnWhenWaiting || !host.quiet(run)) return undefined;
    if (host.cellsOf(run).some((cell) => cell.tags.has('recovering'))) return undefined; // It waits for a moment, not for a person.
    const open = (await tickets.list(run)).filter(({ answered }) => !answered);
    return open.length > 0 && host.quiet(run) ? { status: 'waiting', tickets: open } : undefined;
  }

  function parked(run: string): RunOutcome {
    const failure = host.whyLost(run);
    return { status: 'parked', ...(failure ? { failure } : {}) };
  }

  function nextRest(run: string): { promise: Promise<void>; stop(): void } {
    let rest: Disposable;
    const promise = new Promise<void>((resolve) => {
      rest = host.onRest((rested) => void (rested === run && (rest[Symbol.dispose](), resolve())));
    });
    return { promise, stop: () => rest[Symbol.dispose]() };
  }

  async function signal(actor: Address, event: { readonly type: string } & JsonObject, id = clock.id()): Promise<void> {
    const [row] = await journal.find({ actor });
    if (!row)
      throw new TroupeError(
        'unknown_recipient',
        `No actor has the address "${actor}". "troupe runs list" and "troupe waits list" show those there are.`,
      );
    const envelope: Envelope = {
      id,
      type: event.type,
      body: signalFor(row, event) as Envelope['body'],
      from: sender,
      to: actor,
      run: row.run,
      kind: 'signal',
    };
    await host.post(envelope);
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll());
  /** What is asked of a closed runtime fails with that reason, not with what it meets on the way. */
  async function open<T>(ask: () => Promise<T>): Promise<T> {
    const closed = (cause?: unknown) =>
      new TroupeError('environment', 'This runtime is closed. Open another with openRuntime().', { cause });
    if (closing) throw closed();
    try {
      return await ask();
    } catch (thrown) {
      throw closing && toFailure(thrown).kind === 'storage' ? closed(thrown) : thrown;
    }
  }

  async function start(subject: Subject, input: unknown, options: StartOptions): Promise<RunHandle> {
    const { key, deadline, meta } = options;
    const type = typeOfSubject(subject);
    const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
    const due = deadline === undefined ? {} : { deadline: clock.now() + milliseconds(deadline) };
    const root = await host.start(type, {
      run,
      input: inputOf(subject, input),
      about: { name: subject.name, ...meta },
      ...due,
    });
    return handle(subject, run, root);
  }

  async function misfitsOf(run: string, subject: Subject): Promise<Failure[]> {
    const [root] = await journal.find({ run, parent: null, limit: 1 });
    const stored = root && (await journal.load(root.actor));
    if (!stored) throw new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
    return misfits(journal, typeOfSubject(subject), stored);
  }

  return {
    journal,
    owner: lease.owner,
    hashOf: (subject) => typeOfSubject(subject).hash,
    misfits: (run, subject) => open(() => misfitsOf(run, subject)),
    start: (subject, input, options = {}) => open(() => start(subject, input, options)),
    resume: (run, subject) =>
      open(async () => handle(subject, run, await host.resume(run, typeOfSubject(subject), { name: subject.name }))),
    signal: (actor, event) => open(() => signal(actor, event)),
    tickets: (run) => open(() => tickets.list(run)),
    answer: (ticket, answer, by = sender) => open(() => tickets.answer(ticket, requireInput('An answer', answer), by)),
    abort: (ticket, reason, by = sender) => open(() => tickets.abort(ticket, reason, by)),
    observe: (observer) => observers.add(observer),
    health: () => health.report(clock.now()),
    now: () => clock.now(),
    close,
    [Symbol.asyncDispose]: close,
  };

  async function closeAll(): Promise<void> {
    await host[Symbol.asyncDispose]();
    door?.[Symbol.dispose]();
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
    await standsOn[Symbol.asyncDispose]();
  }
}
