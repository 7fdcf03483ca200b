/** Opens a runtime: journal, transport, gateway and host together. Disposing the runtime closes everything it opened. */
import { resolve } from 'node:path';
import { breaker } from '../../actors/gateway.ts';
import type { BlobStore } from '../blobs/blobStore.ts';
import { processConfiguration } from '../config/configure.ts';
import { nearestConfiguration } from '../config/file.ts';
import type { Envelope } from '../contracts/envelope.ts';
import type { Observer } from '../contracts/inspection.ts';
import { systemClock } from '../engine/clock.ts';
import { Host } from '../engine/host.ts';
import { isProcessAlive, thisProcessId } from '../engine/processId.ts';
import { ReplyChannel } from '../engine/ref.ts';
import type { ListedRun, RestingHandle, RunKeeper } from '../engine/restingRuns.ts';
import type { CallPlan } from '../flow/replayPlan.ts';
import { gateway as openGateway, type Gateway } from '../gateway/gateway.ts';
import type { Journal } from '../journal/journal.ts';
import { fanOut } from '../observe/fanOut.ts';
import { healthTracker, type HealthReport } from '../observe/health.ts';
import { judgedNotes } from '../observe/judgedNotes.ts';
import { openTracing } from '../observe/tracing/tracing.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { requireOptions } from '../values/options.ts';
import { requireInput } from '../values/plain.ts';
import { storageReasonOf } from '../values/storageReason.ts';
import { openBackends } from './backends.ts';
import type { AwaitedSignal } from './awaitedSignals.ts';
import { beginnings } from './beginRun.ts';
import { compile } from './compile/compile.ts';
import { definitionVersion } from './definitionVersion.ts';
import { flowDeps } from './flowDeps.ts';
import { flowSecrets } from './flowSecrets.ts';
import { keptSteps } from './kept.ts';
import type { ReplaySettings } from './replay.ts';
import { keptFor, Retention } from './retention.ts';
import { mayRetry } from './retry.ts';
import type { StartInput } from './runTypes.ts';
import { runHandles, type RunHandle, type RunOutcome } from './runHandle.ts';
import { runtimeOptionNames, type RuntimeOptions } from './runtimeOptions.ts';
import { signalFor } from './signals.ts';
import type { RetryOptions, RunReplayOptions, StartOptions } from './startOptions.ts';
import { containStrays } from './strays.ts';
import { ticketsOf, type Ticket } from './tickets.ts';
import type { UnsettledWrite } from './unsettledWrite.ts';
import { isRunnable, type Runnable } from '../define/runnable.ts';

export { modelKeyVariables } from '../gateway/providers.ts';
export {
  isRunnable,
  type AwaitedSignal,
  type ListedRun,
  type RestingHandle,
  type Runnable,
  type RunHandle,
  type RunKeeper,
  type RunOutcome,
  type RunReplayOptions,
  type RuntimeOptions,
  type StartOptions,
  type Ticket,
  type UnsettledWrite,
};

/** How much a runtime holds. */
export interface RuntimeLoad {
  /** Active actors of the runs that it has loaded, in memory or not. */
  readonly actors: number;
  /** Milliseconds for which the oldest commit that the journal does not take has waited; 0 while it takes them. */
  readonly lag: number;
}

/** An open runtime. */
export interface Runtime extends AsyncDisposable {
  /** The journal that stores its actors. */
  readonly journal: Journal;
  /** Stores large contents of artifacts. */
  readonly blobs: BlobStore;
  /** The name of this runtime in the leases of the journal. */
  readonly owner: string;
  /** Starts a run, or continues the run of that key. Rejects with `invalid` for an input that does not fit, `owned_elsewhere` when another process owns the run. */
  start<S extends Runnable>(subject: S, input: StartInput<S>, options?: StartOptions): Promise<RunHandle>;
  /** Continues a stored run. Rejects with `unknown_recipient` when there is none, `incompatible` when the definition does not fit, `owned_elsewhere` when another process owns it. */
  resume(run: string, subject: Runnable): Promise<RunHandle>;
  /**
   * Takes over a stored run that waits, as `journal.claims` has listed it, and does not load it: `keeper.wake` resumes it when a message or its time comes. For nodes.
   * Rejects with `conflict` when it is not as it was listed any more, or is here.
   */
  rest(run: string, listed: ListedRun, keeper: RunKeeper): Promise<RestingHandle>;
  /**
   * Begins a new run of a flow with the results that another run has recorded. Performed anew are the call `from`, what directly follows an overridden result, and all that
   * follows these. Rejects with `conflict` while that run goes on, and for a call that it does not have.
   */
  replay(run: string, subject: Runnable, options?: RunReplayOptions): Promise<RunHandle>;
  /** What a replay would take and perform. Rejects as `replay` does. */
  plan(run: string, options: ReplaySettings): Promise<CallPlan>;
  /**
   * Goes on with a run that has failed from the step that failed; what succeeded is kept. A definition that was changed since is taken.
   * Rejects with `conflict` when the run goes on, is done, or was cancelled; otherwise as `resume` does.
   */
  retry(run: string, subject: Runnable, options?: RetryOptions): Promise<RunHandle>;
  /** Why a definition cannot continue a stored run: an `incompatible` or `corrupt` failure for each actor that does not fit, none when it can. Changes nothing. */
  misfits(run: string, subject: Runnable): Promise<Failure[]>;
  /** The hash of the definition's machine. A stored run with another hash was made by another version. */
  hashOf(subject: Runnable): string;
  /** A hash of the whole definition: instructions, tools, schemas, members, routes, charts. Nodes tell versions apart by it. */
  versionOf(subject: Runnable): string;
  /** Sends a signal to any actor of any run, whichever process owns it. Rejects with `invalid` when the actor takes no such signal, `conflict` when it has ended. */
  signal(
    actor: Address,
    event: {
      /** The type of the signal, such as `agent.cancel`. */
      readonly type: string;
    } & JsonObject,
  ): Promise<void>;
  /** The open tickets of one run, or of all runs, without those whose time is up. */
  tickets(run?: string): Promise<Ticket[]>;
  /** Answers a ticket. Rejects with `invalid` when the answer does not fit its schema, `expired` when its time is up, `conflict` when it was already answered or withdrawn. */
  answer(ticket: Address, answer: Json, by?: string): Promise<void>;
  /** Withdraws a ticket. Rejects with `expired` when its time is up, `conflict` when it was already answered or withdrawn. */
  abort(ticket: Address, reason: string, by?: string): Promise<void>;
  /** Why a run of this runtime waits for its journal now, such as `no space: …`; undefined while it does not. */
  stallOf(run: string): string | undefined;
  /** How many runs of this runtime go on by themselves now: the others wait for time, a message or a person. */
  readonly busy: number;
  /** How much it holds at this moment. */
  load(): RuntimeLoad;
  /** Adds an observer, until the result is disposed. */
  observe(observer: Observer): Disposable;
  /** The health of the agents, models and tool servers that this runtime has used, by their latest calls. */
  health(): HealthReport;
  /** The time of its clock: milliseconds since the epoch. */
  now(): number;
  /** Parks the runs that still go on, and closes everything that was opened; `await using` does the same. */
  close(): Promise<void>;
}

/** `no space: the journal …`: first what it is in short, where that is known. */
function stallReason(failure: Failure | undefined): string | undefined {
  if (!failure) return undefined;
  const inShort = storageReasonOf(failure);
  return inShort === undefined ? failure.message : `${inShort}: ${failure.message}`;
}

/** Opens everything a run needs. @example await using runtime = await openRuntime({ db: 'memory' }); */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  requireOptions('openRuntime', options, runtimeOptionNames);
  const { env = process.env, clock = systemClock() } = options;
  const tracing = options.tracing === false ? undefined : await openTracing(clock);
  const observers = fanOut([...(tracing ? [tracing.observe] : []), ...(options.observers ?? [])]);
  const health = healthTracker(observers.observe);
  const secrets = flowSecrets(options.secrets, { env, db: options.db, clock });
  const gateway: Gateway = openGateway({
    breaker: () => breaker(),
    ...options.gateway,
    clock,
    env,
    secret: (name) => secrets.secret(name),
  });
  const { leaseTtl: ttl } = options;
  const judged = judgedNotes(observers.observe);
  const lease = {
    owner: `${thisProcessId()} ${clock.id()}`,
    alive: isProcessAlive,
    ...(ttl === undefined ? {} : { ttl }),
  };
  const sender = `person/${clock.id()}`;
  const { project = '.' } = options;
  const file = project === false ? undefined : (await nearestConfiguration(resolve(project)))?.configuration;
  const keep = keptFor(options.keep ?? processConfiguration().keep, env, file?.keep);
  // Opened last: if something failed after it, nothing would close it.
  const backends = await openBackends(options, env, clock);
  const { journal, blobs, transport } = backends;
  const { poll } = options;
  const host = new Host({
    journal,
    transport,
    clock,
    lease,
    recall: keptSteps,
    mayGoOn: mayRetry,
    tracing,
    // First the event itself, then the change of health that follows from it.
    observe(event) {
      judged(event);
      health.observe(event);
    },
    ...(poll === undefined ? {} : { poll }),
  });
  const opened: AsyncDisposable[] = [];
  const strays = options.strays === 'exit' ? undefined : containStrays();
  let replies: ReplyChannel | undefined;
  const typeOfSubject = compile({
    gateway,
    clock,
    opened,
    flows: flowDeps({
      journal,
      blobs,
      gateway,
      secrets,
      cache: backends.cache,
      // A flow that has ended meanwhile, or is another process's, needs no waking.
      wake: (actor) => void signal(actor, { type: 'flow.wake' }).catch(() => {}),
    }),
    prepare: options.prepare,
  });
  const tickets = ticketsOf(journal, signal, clock);
  const retention = new Retention({ journal, clock, keep: options.journal === undefined ? keep : undefined });
  const handles = runHandles({
    host,
    journal,
    ticketsOf: (run) => tickets.list(run),
    replies: () => (replies ??= new ReplyChannel(transport, clock)),
  });
  const runs = beginnings({
    host,
    journal,
    clock,
    handle(subject, run, root, before, end) {
      retention.check();
      if (subject.kind === 'agent') health.setName(root, subject.name);
      tracing?.named(run, subject.name);
      return handles(subject, run, root, before, end);
    },
    typeOf: typeOfSubject,
    env,
    file,
    keep: options.keep,
  });

  async function signal(actor: Address, event: { readonly type: string } & JsonObject, id = clock.id()): Promise<void> {
    const [row] = await journal.find({ actor });
    if (!row)
      throw new TroupeError(
        'unknown_recipient',
        `No actor has the address "${actor}". "troupe runs list" and "troupe waits list" show those there are.`,
      );
    const signalled = signalFor(row, event);
    const envelope: Envelope = {
      id,
      type: signalled.type,
      // Signals are JSON; zod's own type for it can be written to.
      body: signalled as Envelope['body'],
      from: sender,
      to: actor,
      run: row.run,
      kind: 'signal',
    };
    await host.post(envelope);
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll());
  /** Calls of a closed runtime fail because it is closed, whatever else fails on the way. */
  async function whileOpen<T>(ask: () => Promise<T>): Promise<T> {
    const closed = (cause?: unknown) =>
      new TroupeError('environment', 'This runtime is closed. Open another with openRuntime().', { cause });
    if (closing) throw closed();
    try {
      return await ask();
    } catch (thrown) {
      throw closing && toFailure(thrown).kind === 'storage' ? closed(thrown) : thrown;
    }
  }

  return {
    journal,
    blobs,
    owner: lease.owner,
    hashOf: (subject) => typeOfSubject(subject).hash,
    versionOf: definitionVersion,
    misfits: (run, subject) => whileOpen(() => runs.misfits(run, subject)),
    start: (subject, input, options = {}) => whileOpen(() => runs.start(subject, input, options)),
    resume: (run, subject) => whileOpen(() => runs.resume(run, subject)),
    rest: (run, listed, keeper) => whileOpen(() => host.rest(run, listed, keeper)),
    retry: (run, subject, options = {}) => whileOpen(() => runs.retry(run, subject, options)),
    replay: (run, subject, options = {}) => whileOpen(() => runs.replay(run, subject, options)),
    plan: (run, options) => whileOpen(() => runs.plan(run, options)),
    signal: (actor, event) => whileOpen(() => signal(actor, event)),
    tickets: (run) => whileOpen(() => tickets.list(run)),
    answer: (ticket, answer, by = sender) =>
      whileOpen(() => tickets.answer(ticket, requireInput('An answer', answer), by)),
    abort: (ticket, reason, by = sender) => whileOpen(() => tickets.abort(ticket, reason, by)),
    get busy() {
      return host.activity.busy;
    },
    stallOf: (run) => stallReason(host.stalls.of(run)?.failure),
    load: () => ({ actors: host.actorCount, lag: Math.max(0, clock.now() - (host.stalls.since ?? clock.now())) }),
    observe: (observer) => observers.add(observer),
    health: () => health.report(clock.now()),
    now: () => clock.now(),
    close,
    [Symbol.asyncDispose]: close,
  };

  async function closeAll(): Promise<void> {
    retention.stop();
    await host[Symbol.asyncDispose]();
    tracing?.close();
    replies?.[Symbol.dispose]();
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
    await backends[Symbol.asyncDispose]();
    strays?.[Symbol.dispose]();
  }
}
