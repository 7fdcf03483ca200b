/** Performs one checkpoint: its attempts, with their time limit and pauses, until one succeeds or none is left. */
import type { FlowArtifactRecord, FlowAttemptRecord, FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import type { CheckpointCall, CheckpointOptions, CheckpointRetries } from '../../src/flow/checkpointOptions.ts';
import { encodeValue } from '../../src/flow/encode.ts';
import { bodyRandom } from '../../src/flow/bodyRandom.ts';
import { userFailure } from '../../src/flow/flowErrors.ts';
import { backoff } from '../../src/values/backoff.ts';
import { sleep, type Clock } from '../../src/values/clock.ts';
import { milliseconds } from '../../src/values/duration.ts';
import { describeMismatch } from '../../src/values/explain.ts';
import { fromFailure, TroupeError, type Failure } from '../../src/values/failure.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { CallScope } from './callScope.ts';
import { inCheckpoint, type AttemptNotes, type PerformedCall } from './flowScope.ts';
import { StopSignal } from './stopSignal.ts';
import { mergeFacts } from './facts.ts';

/** What is performed. */
export interface CallToPerform {
  readonly owner: object;
  readonly id: string;
  readonly name: string;
  readonly key: string;
  /** The seed of the flow. */
  readonly seed: string;
  readonly run: (call: CheckpointCall) => unknown;
  readonly options: CheckpointOptions;
  readonly retries: number | CheckpointRetries | undefined;
  /** What it is a call of. */
  readonly around: CallScope;
  /** Set for a nested one: the calls inside. */
  readonly scope: CallScope | undefined;
  /** Aborted when the flow stops, or a call beside it has failed. */
  readonly stopping: StopSignal;
  readonly clock: Clock;
  /** How many attempts have failed before, in this process or another, and when the next may begin. */
  readonly before: { readonly count: number; readonly next: number } | undefined;
  /** The call whose failure was thrown inside. */
  callOf(thrown: unknown): string | undefined;
  /** Records an attempt that is followed by another one. Resolves when it is stored. */
  attempted(record: FlowAttemptRecord): Promise<void>;
  /** An attempt begins. A promise when it must be waited for. */
  begins(attempt: number): Promise<void> | undefined;
}

/** What came of it. */
export interface PerformedResult {
  readonly outcome: FlowCallOutcome;
  readonly metadata: JsonObject | undefined;
  readonly artifacts: readonly FlowArtifactRecord[];
  readonly loaded: readonly string[];
  /** The call inside whose failure it has thrown. */
  readonly cause?: string | undefined;
}

/** Never rejects. */
export async function performCall(call: CallToPerform): Promise<PerformedResult> {
  const { clock, stopping, before } = call;
  const { times = 0 } = typeof call.retries === 'object' ? call.retries : { times: call.retries ?? 0 };
  const pause = (before?.next ?? 0) - clock.now();
  if (pause > 0) await sleep(clock, pause, stopping.signal).catch(() => {});
  for (let attempt = (before?.count ?? 0) + 1; ; attempt++) {
    const at = clock.now();
    const { outcome, notes, cause } = await attemptOnce(call, attempt);
    const result = {
      outcome,
      metadata: notes.facts,
      artifacts: notes.artifacts,
      loaded: [...notes.loaded],
      cause,
    };
    if (outcome.ok || attempt > times || stopping.isAborted || !isWorthAnother(call, outcome.failure)) return result;
    const wait = pauseAfter(call, attempt, outcome.failure);
    const now = clock.now();
    await call.attempted({
      record: 'attempt',
      id: call.id,
      attempt,
      at,
      ms: now - at,
      failure: outcome.failure,
      next: now + wait,
      ...(notes.facts ? { metadata: notes.facts } : {}),
    });
    await sleep(clock, wait, stopping.signal).catch(() => {});
    if (stopping.isAborted) return result;
  }
}

async function attemptOnce(
  call: CallToPerform,
  attempt: number,
): Promise<{ readonly outcome: FlowCallOutcome; readonly notes: AttemptNotes; readonly cause?: string | undefined }> {
  const { owner, id, name, key, options, clock, scope } = call;
  const timeout = options.timeout === undefined ? undefined : milliseconds(options.timeout);
  // One with a time limit stops by itself as well.
  const limited = timeout === undefined ? undefined : followedBy(call.stopping);
  const stopping = limited?.stopping ?? call.stopping;
  const notes: AttemptNotes = { facts: undefined, artifacts: [], loaded: new Set() };
  const performed: PerformedCall = {
    owner,
    id,
    name,
    get signal() {
      return stopping.signal;
    },
    notes,
    around: call.around,
    scope,
    random: bodyRandom(`${call.seed}/${id}`),
    llmCalls: 0,
    log: (facts) => (notes.facts = mergeFacts(notes.facts, facts)),
  };
  const given: CheckpointCall = {
    id,
    key,
    attempt,
    get signal() {
      return stopping.signal;
    },
  };
  let timer: Disposable | undefined;
  try {
    const may = call.begins(attempt);
    if (may) await may;
    const work = inCheckpoint(performed, async () => call.run(given));
    const value = await (timeout === undefined
      ? work
      : Promise.race([
          work,
          new Promise<never>((_, reject) => {
            timer = clock.wake(clock.now() + timeout, () => {
              const late = new TroupeError('timeout', `The checkpoint "${id}" did not end within ${timeout} ms.`);
              reject(late);
              stopping.abort(late);
            });
          }),
        ]));
    return { outcome: { ok: true, ...encodedResult(call, value) }, notes };
  } catch (thrown) {
    const cause = scope && call.callOf(thrown);
    return { outcome: { ok: false, failure: userFailure(thrown) }, notes, cause };
  } finally {
    timer?.[Symbol.dispose]();
    limited?.[Symbol.dispose]();
  }
}

/** Stops when the other does, until it is disposed. */
function followedBy(other: StopSignal): Disposable & { readonly stopping: StopSignal } {
  const stopping = new StopSignal();
  const { signal } = other;
  const stop = () => stopping.abort(signal.reason);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return { stopping, [Symbol.dispose]: () => signal.removeEventListener('abort', stop) };
}

function encodedResult({ id, options: { output } }: CallToPerform, value: unknown) {
  const parsed = output?.safeParse(value);
  if (parsed && !parsed.success)
    throw new TroupeError(
      'invalid',
      `The result of the checkpoint "${id}" does not fit: ${describeMismatch(parsed.error, value)}.`,
    );
  const { json, encoded } = encodeValue(`The result of the checkpoint "${id}"`, parsed ? parsed.data : value);
  return { output: json, ...(encoded ? { encoded } : {}) };
}

/** Failures that another attempt meets again. */
const hopeless: readonly Failure['kind'][] = [
  'invalid',
  'denied',
  'cancelled',
  'definition',
  'scope',
  'uncertain',
  'auth',
];

function isWorthAnother({ retries }: CallToPerform, failure: Failure): boolean {
  const on = typeof retries === 'object' ? retries.on : undefined;
  const isUnstorable =
    failure.kind === 'code' && (failure.data as { reason?: unknown } | undefined)?.reason === 'serialization';
  return on ? on(fromFailure(failure)) : !hopeless.includes(failure.kind) && !isUnstorable;
}

function pauseAfter({ retries, clock }: CallToPerform, failed: number, { retryAfter = 0 }: Failure): number {
  const { backoff: first = 1_000, longest = 60_000 } = typeof retries === 'object' ? retries : {};
  const bounds = { first: milliseconds(first), longest: milliseconds(longest) };
  return Math.max(retryAfter, backoff(failed, bounds, clock.random()));
}
