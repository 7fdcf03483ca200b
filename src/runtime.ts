/** Puts the rooms together: the only file that knows them all. Everything that opens here is closed by disposing the runtime. */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { Clock } from './contracts/clock.ts';
import { milliseconds, type Duration } from './contracts/duration.ts';
import type { Envelope } from './contracts/envelope.ts';
import { explain } from './contracts/explain.ts';
import { TroupeError, type Failure } from './contracts/failure.ts';
import { requireId, typeOf, type Address } from './contracts/ids.ts';
import type { Observer } from './contracts/inspection.ts';
import type { Json, JsonObject } from './contracts/json.ts';
import { breaker } from '../actors/gateway.ts';
import { gateway as openGateway, type Gateway, type GatewayOptions } from './gateway/gateway.ts';
import type { ActorRow, Journal } from './journal/journal.ts';
import { memory } from './journal/memory.ts';
import { fanOut } from './observe/fanOut.ts';
import { systemClock } from './system/clock.ts';
import { Host } from './system/host.ts';
import { isAlive, thisProcess } from './system/owner.ts';
import type { WaitInput } from './contracts/wait.ts';
import { outcomeOf, type Ended } from './outcome.ts';
import { compile, inputOf, isSubject, type Subject } from './subject.ts';
import { inProcess } from './transport/inProcess.ts';
import type { Transport } from './transport/transport.ts';

export { isSubject, type Subject };

export interface RuntimeOptions {
  /** The journal's file, or `memory` to keep nothing. `TROUPE_DB`, then `./.troupe/troupe.db`, unless told otherwise. */
  readonly db?: string;
  readonly observers?: readonly Observer[];
  /** Model groups, prices and retries; see docs/models.md. */
  readonly gateway?: Omit<GatewayOptions, 'clock' | 'env'>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For tests: another clock, a journal or a transport that is already open (it stays open). */
  readonly clock?: Clock;
  readonly journal?: Journal;
  readonly transport?: Transport;
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

export interface Ticket {
  readonly id: Address;
  readonly run: string;
  readonly question: string;
  /** What exactly is asked about: a tool, its arguments and their hash. */
  readonly subject: Json;
  /** JSON Schema of the answer. */
  readonly schema: JsonObject;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly since: number;
}

export interface RunHandle {
  readonly id: string;
  readonly root: Address;
  outcome(options?: { returnWhenWaiting?: boolean }): Promise<RunOutcome>;
  /** Lets go of the run, to be resumed. What is being done gets `grace` milliseconds to finish. */
  park(grace?: number): Promise<void>;
}

export interface Runtime extends AsyncDisposable {
  readonly journal: Journal;
  start(subject: Subject, input: unknown, options?: StartOptions): Promise<RunHandle>;
  resume(run: string, subject: Subject): Promise<RunHandle>;
  /** Leaves a signal for any actor of any run, whoever owns it. Rejects with `conflict` when the actor has ended. */
  signal(actor: Address, event: { readonly type: string } & JsonObject): Promise<void>;
  tickets(run?: string): Promise<Ticket[]>;
  /** Answers a ticket. Rejects with `invalid` when the answer does not fit its schema, `conflict` when it is used up. */
  answer(ticket: Address, answer: Json, by?: string): Promise<void>;
  observe(observer: Observer): Disposable;
  /** Parks what still runs and closes what was opened; `await using` does the same. */
  close(): Promise<void>;
}

/** Opens everything a run needs. @example await using runtime = await openRuntime({ db: 'memory' }); */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { env = process.env, clock = systemClock(), transport = inProcess() } = options;
  const observers = fanOut(options.observers ?? []);
  const gateway: Gateway = openGateway({ breaker: () => breaker(), ...options.gateway, clock, env });
  const lease = { owner: `${thisProcess()} ${clock.id()}`, alive: isAlive };
  const sender = `person/${clock.id()}`;
  // Opened when nothing else can fail any more: nobody would close it.
  const journal = options.journal ?? (await openJournal(options.db ?? env.TROUPE_DB ?? '.troupe/troupe.db'));
  const host = new Host({ journal, transport, clock, lease, observe: observers.observe });
  const opened: AsyncDisposable[] = [];
  const typeOfSubject = compile({ gateway, clock, opened });

  async function handle(subject: Subject, run: string, root: Address): Promise<RunHandle> {
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
    const open = await tickets(run);
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

  async function tickets(run?: string): Promise<Ticket[]> {
    const rows = await journal.find({
      type: 'wait',
      status: 'active',
      limit: 1_000,
      ...(run === undefined ? {} : { run }),
    });
    return rows.map(ticketOf);
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
      body: event as Envelope['body'],
      from: sender,
      to: actor,
      run: row.run,
      kind: 'signal',
    };
    await host.post(envelope);
  }

  return {
    journal,
    async start(subject, input, { key, deadline, meta } = {}) {
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
    },
    async resume(run, subject) {
      return handle(subject, run, await host.resume(run, typeOfSubject(subject)));
    },
    signal: (actor, event) => signal(actor, event),
    tickets,
    async answer(ticket, answer, by = sender) {
      const [row] = await journal.find({ actor: ticket });
      if (!row || typeOf(ticket) !== 'wait')
        throw new TroupeError(
          'unknown_recipient',
          `There is no ticket "${ticket}". "troupe waits list" shows the open ones.`,
        );
      fitAnswer(ticketOf(row), answer);
      // An answer may be waiting for somebody to go on with the run.
      const given = (await journal.mail(row.run)).some(
        (envelope) => envelope.to === ticket && envelope.type === 'wait.answer',
      );
      if (given)
        throw new TroupeError(
          'conflict',
          `${ticket} has been answered already. "troupe runs resume ${row.run}" goes on with it.`,
        );
      // One id for every answer to a ticket: of two given in the same moment, one is kept.
      await signal(ticket, { type: 'wait.answer', answer, by }, `${ticket}/answer`);
    },
    observe: (observer) => observers.add(observer),
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    await host[Symbol.asyncDispose]();
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
    if (!options.transport) await transport[Symbol.asyncDispose]();
    if (!options.journal) await journal[Symbol.asyncDispose]();
  }
}

async function openJournal(db: string): Promise<Journal> {
  if (db === 'memory') return memory();
  const path = resolve(db);
  await mkdir(dirname(path), { recursive: true }).catch((cause: Error) => {
    throw new TroupeError(
      'storage',
      `The journal needs the folder ${dirname(path)}, which cannot be made: ${cause.message}. Choose another place with --db or TROUPE_DB.`,
      { cause },
    );
  });
  const { sqlite } = await import('./journal/sqlite.ts');
  return sqlite(path);
}

/** A ticket as its actor's row has it. */
export function ticketOf({ actor, run, created, meta }: ActorRow): Ticket {
  const { question, subject, schema, deadline } = (meta as unknown as { input: WaitInput }).input;
  return {
    id: actor,
    run,
    question,
    subject: (subject ?? null) as Json,
    schema: schema as JsonObject,
    since: created,
    deadline: created + deadline,
  };
}

function fitAnswer(ticket: Ticket, answer: Json): void {
  const parsed = z.fromJSONSchema(ticket.schema as never).safeParse(answer);
  if (parsed.success) return;
  throw new TroupeError(
    'invalid',
    `The answer to "${ticket.question}" does not fit: ${explain(parsed.error, answer)}. Expected ${JSON.stringify(ticket.schema)}; the ticket is still open.`,
  );
}
