/** The effect that runs the body of a flow, and the bodies that this process keeps in memory between two turns. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import { flowPathOf, type FlowStart } from '../../src/contracts/flow/flow.ts';
import { keptRecordsList, type FlowCallRecord, type FlowRecord } from '../../src/contracts/flow/record.ts';
import { settingsList, type StoredSettings } from '../../src/contracts/flow/settings.ts';
import { RecordBook } from '../../src/flow/recordBook.ts';
import { recordsOf, storedRecords } from '../../src/flow/storedRecords.ts';
import type { FlowBodyInput, FlowBodyOutput } from '../../machines/flow/effectTypes.ts';
import { fromFailure, TroupeError } from '../../src/values/failure.ts';
import { lazyModule } from '../../src/values/lazyModule.ts';
import { effect, type Effect } from '../effect.ts';
import type { FlowDeps } from './deps.ts';
import type { FlowRun } from './flowRun.ts';

/** What runs bodies: a program without flows does not load it. */
export const flowRunModule = lazyModule(() => import('./flowRun.ts'));

const defaultKeepFor = 10_000;

/** The bodies of one host, by the address of their flow. */
interface HostBodies {
  readonly bodies: Map<string, FlowRun>;
  /** Those that are being made from their records. */
  readonly making: Map<string, Promise<FlowRun>>;
}

/** The bodies of all flows that this process keeps in memory. Disposing it forgets them. */
export class FlowBodies implements Disposable {
  /** By the clock of the host, so that hosts that share a definition share no bodies. */
  readonly #hosts = new Map<object, HostBodies>();
  readonly #timers = new Set<Disposable>();

  #host({ clock }: Pick<EffectScope, 'clock'>): HostBodies {
    const known = this.#hosts.get(clock) ?? { bodies: new Map(), making: new Map() };
    this.#hosts.set(clock, known);
    return known;
  }

  of(scope: Pick<EffectScope, 'clock'>): Map<string, FlowRun> {
    return this.#host(scope).bodies;
  }

  /** Makes the body of a flow. An effect that comes while it is made takes the same one. */
  async make(scope: EffectScope, make: () => Promise<FlowRun>): Promise<FlowRun> {
    const { making } = this.#host(scope);
    const name = `${scope.epoch ?? 0} ${scope.actor}`;
    const made = making.get(name) ?? make();
    making.set(name, made);
    try {
      return await made;
    } finally {
      if (making.get(name) === made) making.delete(name);
    }
  }

  /** Calls after so many milliseconds, unless it is disposed before. */
  later({ clock }: Pick<EffectScope, 'clock'>, ms: number, call: () => void): void {
    const timer = clock.wake(clock.now() + ms, () => {
      this.#timers.delete(timer);
      call();
    });
    this.#timers.add(timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    for (const { bodies } of this.#hosts.values()) for (const body of bodies.values()) body.abandon();
    this.#hosts.clear();
  }
}

/** A body is let go on. It fails with the failure of the flow. */
export function bodyEffect(deps: FlowDeps, kept: FlowBodies): Effect<FlowBodyOutput, FlowBodyInput> {
  /** The body that this process has run since it has the run: another one knows less than is recorded. */
  function inMemory(scope: EffectScope, { turn }: FlowBodyInput): FlowRun | undefined {
    const body = kept.of(scope).get(scope.actor);
    if (!body || body.isAbandoned) return undefined;
    const isToBeginAgain = deps.flow.alwaysReplay === true && !body.isPerforming;
    // Turns that came to be while one commit was being stored were never begun. A machine that was begun anew counts from the first one.
    const isLater = turn >= body.turn;
    // Another process may have had the run meanwhile.
    if (!isToBeginAgain && isLater && body.epoch === (scope.epoch ?? 0)) return body;
    body.abandon();
    return undefined;
  }

  // It will be needed soon.
  flowRunModule.begin();

  async function perform(input: FlowBodyInput, scope: EffectScope): Promise<FlowBodyOutput> {
    const bodies = kept.of(scope);
    const known = inMemory(scope, input);
    const body = known ?? (await kept.make(scope, () => newRun(deps, input, scope)));
    // One that is not in memory any more, or not in this process, is run again so that it can clean up, unless it has ended by itself.
    const { failure } = body.book;
    if (!known && input.stop !== undefined && failure) {
      // It has done nothing, so it has not cleaned up either.
      if (failure.kind === 'diverged') throw fromFailure(failure);
      return { status: 'stopped' };
    }
    bodies.set(scope.actor, body);
    // By its name: what is left of an effect must not keep a body that was forgotten.
    const { life } = body;
    scope.takeStrays?.((thrown) => bodies.get(scope.actor)?.takeStray(thrown) ?? life.ignoresStray(thrown));
    let isKept = false;
    try {
      const output = await body.advance(scope, input);
      isKept = output.status === 'open';
      return output;
    } finally {
      // One that was interrupted is taken over by the next turn.
      if (!isKept && body.isOver && !body.isSettling && bodies.get(scope.actor) === body) bodies.delete(scope.actor);
      if (isKept) keepFor(body, scope);
    }
  }

  /** A body that is not let go on for a while is forgotten: it is run from its records then. */
  function keepFor(body: FlowRun, scope: EffectScope): void {
    const { actor } = scope;
    const bodies = kept.of(scope);
    const { turn } = body;
    kept.later(scope, deps.keepFor ?? defaultKeepFor, () => {
      if (body.turn !== turn || body.isAttached || bodies.get(actor) !== body) return;
      bodies.delete(actor);
      body.abandon();
    });
  }

  return effect(perform, {
    // Only what the journal or the lease refuses is tried again; what the body throws is not retryable.
    retry: { times: 10, backoff: 100 },
    // What is kept of earlier lives is in the records.
    anew: true,
  });
}

/** What most flows begin with. */
const nothingRecorded = new RecordBook([]);

/** Reads what is recorded, and makes the run of a body from it. */
async function newRun(deps: FlowDeps, { turn, stop }: FlowBodyInput, scope: EffectScope): Promise<FlowRun> {
  const { actor, run, clock, epoch = 0, retries = 0, again, isRetried = false } = scope;
  const { FlowRun } = flowRunModule.loaded ?? (await flowRunModule.load());
  const [start] = await scope.list('start');
  if (start === undefined) throw new TroupeError('corrupt', `${actor} has not recorded what it starts with.`);
  // What the machine of the flow appends.
  const stored = start as unknown as FlowStart;
  const path = flowPathOf(stored, actor, run);
  const flowStart = path === undefined ? stored : { ...stored, path };
  // An effect whose result could not be stored is performed again, perhaps when its body was forgotten.
  const isNew = turn === 1 && stop === undefined && !again && !isRetried && retries === 0;
  const entries = isNew || !scope.checkpoints ? [] : await scope.checkpoints();
  // Each entry holds what was recorded at once.
  const records = entries.flatMap(({ entry }) => recordsOf(entry));
  const kept = flowStart.kept ? ((await scope.list(keptRecordsList)) as unknown as readonly FlowCallRecord[]) : [];
  // What the runtime appends where the run begins.
  const settings = flowStart.settings ?? ((await scope.list(settingsList))[0] as unknown as StoredSettings | undefined);
  const before = isNew && kept.length === 0 ? nothingRecorded : new RecordBook(records, kept);
  if (retries <= before.life || records.length === 0)
    return new FlowRun({ deps, address: actor, run, start: flowStart, settings, book: before, clock, epoch });
  const migrated = before.failure?.kind === 'diverged' && deps.flow.options.migrate === true;
  const retry: FlowRecord = { record: 'retry', at: clock.now(), life: retries, ...(migrated ? { migrated } : {}) };
  await scope.checkpoint?.(storedRecords([retry]));
  return new FlowRun({
    deps,
    address: actor,
    run,
    start: flowStart,
    settings,
    book: new RecordBook([...records, retry], kept),
    clock,
    epoch,
  });
}
