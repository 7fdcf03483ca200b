/** Opens a runtime: journal, transport, gateway and host together. Disposing the runtime closes everything it opened. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import { resolve } from 'node:path';
import { parseConfiguration } from '../config/configuration.ts';
import { processConfiguration } from '../config/configure.ts';
import { nearestConfiguration } from '../config/file.ts';
import type { Clock } from '../values/clock.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import { requireId, type Address } from '../values/ids.ts';
import type { Observer } from '../contracts/inspection.ts';
import { asJson, isJsonObject, throughJson, type Json, type JsonObject } from '../values/json.ts';
import type { CallSettings } from '../contracts/flow/settings.ts';
import { artifactList } from '../contracts/parts.ts';
import type { Messages, Protocol } from '../contracts/protocol.ts';
import { breaker } from '../../actors/gateway.ts';
import { gateway as openGateway, type Gateway, type GatewayOptions } from '../gateway/gateway.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { fanOut } from '../observe/fanOut.ts';
import { judgedNotes } from '../observe/judgedNotes.ts';
import { healthTracker, type HealthReport } from '../observe/health.ts';
import type { ActorType } from '../core/actorType.ts';
import { systemClock } from '../engine/clock.ts';
import { Host, type EndedRoot } from '../engine/host.ts';
import { rootAddress } from '../engine/runStarter.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import { storageReasonOf } from '../values/storageReason.ts';
import { isProcessAlive, thisProcessId } from '../engine/processId.ts';
import { ReplyChannel, type Ref } from '../engine/ref.ts';
import { incompatibilities } from '../engine/recovery.ts';
import { compile } from './compile.ts';
import { readParts } from './inputParts.ts';
import type { BlobStore } from '../blobs/blobStore.ts';
import { backendOptionNames, openBackends, type BackendOptions } from './backends.ts';
import { flowConfiguration } from './flowConfiguration.ts';
import { flowDeps } from './flowDeps.ts';
import { flowSecrets } from './flowSecrets.ts';
import { keptSteps } from './kept.ts';
import { keptFor, Retention } from './retention.ts';
import type { CallPlan } from '../flow/replayPlan.ts';
import { prepareReplay, type ReplaySettings } from './replay.ts';
import { mayRetry, requireFailed, retryWithoutKey } from './retry.ts';
import { outcomeOf, type EndedOutcome } from './outcome.ts';
import { runInput, isRunnable, withParts, type Runnable } from '../define/runnable.ts';
import { containStrays } from './strays.ts';
import { signalFor } from './signals.ts';
import { requireInput } from '../values/plain.ts';
import { definitionVersion } from './definitionVersion.ts';
import { ticketsOf, type Ticket } from './tickets.ts';
import { withUnsettled } from './unsettled.ts';
import type { UnsettledWrite } from './unsettledWrite.ts';

export { modelKeyVariables } from '../gateway/providers.ts';
export { isRunnable, type Runnable, type Ticket, type UnsettledWrite };

/** What a runtime is opened with. */
export interface RuntimeOptions extends BackendOptions {
  /** Called with every event of every actor; none by default. */
  readonly observers?: readonly Observer[];
  /** Model groups, prices and retries; see docs/models.md. */
  readonly gateway?: Omit<GatewayOptions, 'clock' | 'env'>;
  /** Environment variables, for keys and defaults; those of the process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * What becomes of errors that a tool or another effect throws where nothing can catch them, such as in a timer. `fail`: the run that it belongs to fails, and the
   * process goes on; the default. `exit`: they end the process, as everywhere in Node.
   */
  readonly strays?: 'fail' | 'exit';
  /**
   * How long a run is kept after its end, as a duration or in milliseconds; 30 days by default, and for ever with `false`. `TROUPE_KEEP` by default (`90d`, or `forever`).
   * Older ones are deleted while the process works on others. For a journal that this runtime opens, but not for one on a server: there people prune.
   */
  readonly keep?: Duration | false;
  /** Where `ctx.secret` finds secrets; those that `troupe secrets` keeps beside the journal by default. */
  readonly secrets?: Pick<SecretStore, 'get'>;
  /**
   * The folder from which a configuration file is looked for, upwards: `troupe.config.ts`, `.yaml` or `.json`, or `troupe` in package.json. The current folder by default; none
   * with `false`.
   */
  readonly project?: string | false;
  /** For tests: another clock. */
  readonly clock?: Clock;
  /** How often to look for messages from other processes; milliseconds, 250 by default. */
  readonly poll?: number;
  /** How long the lease of a run lasts without being renewed, in milliseconds; 10,000 by default. Another process can take the run after it. On a shared journal the presence of the process decides instead. */
  readonly leaseTtl?: number;
  /** For tests: changes every actor type before it is used. */
  readonly prepare?: (type: ActorType) => ActorType;
}

/** Options of one run. */
export interface StartOptions extends CallSettings {
  /** The key of the run. A key that was used before continues that run, or gives its result again when it has ended. A new run by default. */
  readonly key?: string;
  /** How long the run may take from now, as a duration or in milliseconds; the limit of the definition by default. */
  readonly deadline?: Duration;
  /** Facts for people and commands, such as the file it came from; none by default. */
  readonly meta?: JsonObject;
  /** When the run of this key has failed, goes on from the step that failed, with the definition of today; what succeeded is kept. Otherwise it changes nothing; false by default. */
  readonly retry?: boolean;
}

/** Options of a replay. */
export interface RunReplayOptions extends ReplaySettings, Omit<StartOptions, 'retry'> {}

/** The state of a run that does not go on by itself. */
export type RunOutcome =
  | EndedOutcome
  /** Only people can move it on. */
  | {
      readonly status: 'waiting';
      /** The open tickets. */
      readonly tickets: readonly Ticket[];
    }
  /** This process has released it; it can be resumed here or in another process. */
  | {
      readonly status: 'parked';
      /** The failure that made this process release it, if one did. */
      readonly failure?: Failure;
      /** Writes that were stopped in the middle: they are looked up, repeated or asked about when the run goes on. None when absent. */
      readonly unsettled?: readonly UnsettledWrite[];
    };

/** A run that this process has started or resumed. */
export interface RunHandle {
  /** The id of the run. */
  readonly id: string;
  /** The address of its root actor. */
  readonly root: Address;
  /** When it had ended, if it had before it was asked for here: its outcome is the stored one, and nothing is done again. Milliseconds since the epoch. */
  readonly endedAt?: number;
  /** Resolves when the run has ended or was parked. */
  outcome(options?: {
    /** Resolves also when only people can move the run on; false by default. */
    returnWhenWaiting?: boolean;
  }): Promise<RunOutcome>;
  /** On a shared journal: the version of the definition with which the run was begun (`versionOf`). Undefined where it is not known. */
  readonly begunWith?: string | undefined;
  /** Sends messages of a protocol to the root actor: for a machine that `handles` them. */
  ref<M extends Messages>(protocol: Protocol<M>): Ref<M>;
  /** True while the run is idle: nothing of it is under way, and only a timer or a message from outside can move it on. */
  readonly idle: boolean;
  /** Releases the run, to be resumed. Effects under way get `grace` milliseconds to finish; 0 by default. */
  park(grace?: number): Promise<void>;
}

/** How much a runtime holds. */
export interface RuntimeLoad {
  /** Active actors of its runs, in memory or not. */
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
  start(subject: Runnable, input: unknown, options?: StartOptions): Promise<RunHandle>;
  /** Continues a stored run. Rejects with `unknown_recipient` when there is none, `incompatible` when the definition does not fit, `owned_elsewhere` when another process owns it. */
  resume(run: string, subject: Runnable): Promise<RunHandle>;
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
  retry(
    run: string,
    subject: Runnable,
    options?: {
      /** How long it may take from now; as long as it was given at first by default. */
      readonly deadline?: Duration;
    },
  ): Promise<RunHandle>;
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

/** The version of the definition with which a run was begun, from its root. */
export function versionIn({ meta }: Pick<ActorRow, 'meta'>): string | undefined {
  const { about } = isJsonObject(meta) ? meta : {};
  return isJsonObject(about) && typeof about.version === 'string' ? about.version : undefined;
}

/** `no space: the journal …`: first what it is in short, where that is known. */
function stallReason(failure: Failure | undefined): string | undefined {
  if (!failure) return undefined;
  const inShort = storageReasonOf(failure);
  return inShort === undefined ? failure.message : `${inShort}: ${failure.message}`;
}

/** The same with a snapshot of its own: what a caller is given may be changed. */
const withoutReferences = (row: ActorRow): ActorRow => ({ ...row, snapshot: throughJson(row.snapshot) });

/** Opens everything a run needs. @example await using runtime = await openRuntime({ db: 'memory' }); */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  requireOptions('openRuntime', options, runtimeOptionNames);
  const { env = process.env, clock = systemClock() } = options;
  const observers = fanOut(options.observers ?? []);
  const health = healthTracker(observers.observe);
  const gateway: Gateway = openGateway({ breaker: () => breaker(), ...options.gateway, clock, env });
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
  /** Only there may another version of a definition go on with a run. */
  const isShared = journal.skipped !== undefined;
  const { poll } = options;
  const host = new Host({
    journal,
    transport,
    clock,
    lease,
    recall: keptSteps,
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
      env,
      secrets: flowSecrets(options.secrets, { env, db: options.db, clock }),
      cache: backends.cache,
      // A flow that has ended meanwhile, or is another process's, needs no waking.
      wake: (actor) => void signal(actor, { type: 'flow.wake' }).catch(() => {}),
    }),
    prepare: options.prepare,
  });
  const tickets = ticketsOf(journal, signal, () => clock.now());
  const retention = new Retention({ journal, clock, keep: options.journal === undefined ? keep : undefined });

  async function handle(subject: Runnable, run: string, root: Address, before?: ActorRow): Promise<RunHandle> {
    retention.check();
    if (subject.kind === 'agent') health.setName(root, subject.name);
    const [row] = isShared ? await journal.find({ actor: root }) : [];
    return {
      id: run,
      root,
      begunWith: row && versionIn(row),
      ...(before && before.status !== 'active' ? { endedAt: before.updated } : {}),
      async outcome(options = {}) {
        requireOptions('outcome', options, outcomeOptionNames);
        const { returnWhenWaiting = false } = options;
        for (;;) {
          const { promise: changed, stop } = nextChange(run, root);
          const outcome = await stateOf(subject, run, root, returnWhenWaiting);
          if (outcome) return (stop(), outcome);
          const end = await changed;
          // The run has no other actors: none of its writes can be unsettled.
          const ended = end?.isAlone ? outcomeOf(withoutReferences(end.row)) : undefined;
          if (ended) return ended;
        }
      },
      get idle() {
        return host.isIdle(run);
      },
      ref: (protocol) => (replies ??= new ReplyChannel(transport, clock)).ref(protocol, root, run),
      async park(grace = 0) {
        await host.park(run, grace);
      },
    };
  }

  /** The state of the run; undefined while it goes on by itself. */
  async function stateOf(
    subject: Runnable,
    run: string,
    root: Address,
    returnWhenWaiting: boolean,
  ): Promise<RunOutcome | undefined> {
    if (!host.owns(run) || !host.actor(root)) {
      const [row] = await journal.find({ actor: root });
      const ended = row && outcomeOf(row);
      if (ended) return withUnsettled(journal, run, ended);
      if (!host.owns(run)) return withUnsettled(journal, run, parked(run));
    }
    if (!returnWhenWaiting || !host.isIdle(run)) return undefined;
    if (host.actorsOf(run).some((actor) => actor.tags.has('recovering'))) return undefined; // It waits for time, not for a person.
    const open = (await tickets.list(run)).filter(({ answered }) => !answered);
    return open.length > 0 && host.isIdle(run) ? { status: 'waiting', tickets: open } : undefined;
  }

  function parked(run: string): RunOutcome {
    const failure = host.whyLost(run);
    return { status: 'parked', ...(failure ? { failure } : {}) };
  }

  /** Resolves when the run may have ended, rest, or be elsewhere: while it goes on here, there is nothing to look at. */
  function nextChange(run: string, root: Address): { promise: Promise<EndedRoot | undefined>; stop(): void } {
    let end: EndedRoot | undefined;
    const ending = host.onEnd(root, (ended) => (end = ended));
    const isGoingOn = () => host.owns(run) && host.actor(root)?.status === 'active' && !host.isIdle(run);
    let listener: Disposable;
    const stop = () => {
      listener[Symbol.dispose]();
      ending[Symbol.dispose]();
    };
    const promise = new Promise<EndedRoot | undefined>((resolve) => {
      listener = host.activity.watch(run, () => {
        if (isGoingOn()) return;
        stop();
        resolve(end);
      });
    });
    return { promise, stop };
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
      // Signals are JSON; zod's own type for it can be written to.
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

  async function start(subject: Runnable, input: unknown, options: StartOptions): Promise<RunHandle> {
    requireOptions('runtime.start', options, startOptionNames);
    const { key, deadline, meta, retry, ...settings } = options;
    const type = typeOfSubject(subject);
    const configuration = configurationOf(subject, settings, deadline);
    const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
    if (retry && key === undefined) throw retryWithoutKey();
    const before = key === undefined ? undefined : await rootOf(run);
    const again = retry === true && before !== undefined && mayRetry(before);
    const { parts, artifacts, ...given } = await readParts(subject, input, rootAddress(type, run));
    const root = await host.start(type, {
      run,
      input: withParts(runInput(subject, given.input), parts),
      appends: [
        ...artifacts.map((artifact) => ({ list: artifactList, entry: asJson(artifact) })),
        ...(configuration?.appends ?? []),
      ],
      about: aboutOf(subject, { ...meta, ...configuration?.about }),
      ...dueIn(deadline ?? configuration?.deadline),
      ...(key === undefined ? { isNew: true } : {}),
      // Another process may have retried it meanwhile: then its outcome is the new one.
      ...(again ? { retry: requireFailed } : {}),
    });
    return handle(subject, run, root, again ? undefined : before);
  }

  /** What a run of a flow begins with. Throws `definition` for settings of flows that are given with something else. */
  function configurationOf(subject: Runnable, settings: CallSettings, deadline: Duration | undefined) {
    const [setting] = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (subject.kind !== 'flow') {
      if (setting === undefined) return undefined;
      throw new TroupeError('definition', `"${setting}" is for runs of flows, and "${subject.name}" is none.`);
    }
    const given = parseConfiguration('What the run is started with', settings);
    return flowConfiguration(subject, { ...given, deadline, keep: options.keep }, { env, file });
  }

  async function retryRun(run: string, subject: Runnable, deadline: Duration | undefined): Promise<RunHandle> {
    const before = await rootOf(run);
    if (!before) throw new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
    requireFailed(before);
    const about = aboutOf(subject);
    return handle(
      subject,
      run,
      await host.start(typeOfSubject(subject), { run, about, retry: requireFailed, ...dueIn(deadline) }),
    );
  }

  const requireRoot = async (run: string): Promise<ActorRow> => {
    const root = await rootOf(run);
    if (!root) throw new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
    return root;
  };

  async function replayRun(source: string, subject: Runnable, replay: RunReplayOptions): Promise<RunHandle> {
    const { key, meta, deadline, from: _from, overrides: _overrides, input: changes, ...settings } = replay;
    const { input, start: begun, appends } = await prepareReplay(journal, await requireRoot(source), replay);
    if (subject.kind !== 'flow')
      throw new TroupeError('invalid', `The run "${source}" is of a flow, and "${subject.name}" is none.`);
    const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
    const configuration = configurationOf(subject, settings, deadline);
    const root = await host.start(typeOfSubject(subject), {
      run,
      // A changed input is checked as any other.
      input: asJson({ ...(changes ? subject.start(input) : { input }), ...begun }) as Json,
      appends: [...appends, ...(configuration?.appends ?? [])],
      about: aboutOf(subject, { ...meta, ...configuration?.about, replayOf: source }),
      ...dueIn(deadline ?? configuration?.deadline),
    });
    return handle(subject, run, root);
  }

  const aboutOf = (subject: Runnable, meta?: JsonObject): JsonObject => ({
    name: subject.name,
    ...meta,
    ...(isShared ? { version: definitionVersion(subject) } : {}),
  });
  const dueIn = (deadline: Duration | undefined) =>
    deadline === undefined ? {} : { deadline: clock.now() + milliseconds(deadline) };
  const rootOf = async (run: string): Promise<ActorRow | undefined> =>
    (await journal.find({ run, parent: null, limit: 1 }))[0];

  async function misfitsOf(run: string, subject: Runnable): Promise<Failure[]> {
    const [root] = await journal.find({ run, parent: null, limit: 1 });
    const stored = root && (await journal.load(root.actor));
    if (!stored) throw new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
    return incompatibilities(journal, typeOfSubject(subject), stored);
  }

  return {
    journal,
    blobs,
    owner: lease.owner,
    hashOf: (subject) => typeOfSubject(subject).hash,
    versionOf: definitionVersion,
    misfits: (run, subject) => whileOpen(() => misfitsOf(run, subject)),
    start: (subject, input, options = {}) => whileOpen(() => start(subject, input, options)),
    resume: (run, subject) =>
      whileOpen(async () =>
        handle(subject, run, await host.resume(run, typeOfSubject(subject), { name: subject.name })),
      ),
    retry: (run, subject, options = {}) =>
      whileOpen(async () => {
        requireOptions('runtime.retry', options, retryOptionNames);
        return retryRun(run, subject, options.deadline);
      }),
    replay: (run, subject, options = {}) =>
      whileOpen(async () => {
        requireOptions('runtime.replay', options, replayOptionNames);
        return replayRun(run, subject, options);
      }),
    plan: (run, options) => whileOpen(async () => (await prepareReplay(journal, await requireRoot(run), options)).plan),
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
    replies?.[Symbol.dispose]();
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
    await backends[Symbol.asyncDispose]();
    strays?.[Symbol.dispose]();
  }
}

/** The names of the options of a runtime. */
export const runtimeOptionNames: OptionNames<RuntimeOptions> = {
  ...backendOptionNames,
  observers: true,
  gateway: true,
  env: true,
  leaseTtl: true,
  poll: true,
  strays: true,
  keep: true,
  project: true,
  secrets: true,
  clock: true,
  prepare: true,
};

/** The names of the settings of flows that are given with a run. */
export const callSettingNames: OptionNames<CallSettings> = {
  retries: true,
  cache: true,
  concurrency: true,
  model: true,
};

const startOptionNames: OptionNames<StartOptions> = {
  ...callSettingNames,
  key: true,
  deadline: true,
  meta: true,
  retry: true,
};

const outcomeOptionNames: OptionNames<NonNullable<Parameters<RunHandle['outcome']>[0]>> = {
  returnWhenWaiting: true,
};

const replayOptionNames: OptionNames<RunReplayOptions> = {
  ...callSettingNames,
  from: true,
  overrides: true,
  input: true,
  key: true,
  meta: true,
  deadline: true,
};

const retryOptionNames: OptionNames<NonNullable<Parameters<Runtime['retry']>[2]>> = {
  deadline: true,
};
