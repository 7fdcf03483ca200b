/** Makes one attempt at a checkpoint. A function that gives no promise is at its end at once. */
import type { CheckpointCall, CheckpointOptions } from '../../src/flow/checkpointOptions.ts';
import { encodeValue } from '../../src/flow/encode.ts';
import { userFailure } from '../../src/flow/flowErrors.ts';
import type { Clock } from '../../src/values/clock.ts';
import { milliseconds } from '../../src/values/duration.ts';
import { describeMismatch } from '../../src/values/explain.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { CallAttempt } from './callAttempt.ts';
import { CallScope } from './callScope.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import { inCheckpoint, type AttemptNotes } from './flowScope.ts';
import { isThenable } from './isThenable.ts';
import type { PerformedResult } from './performedResult.ts';
import { StopSignal } from './stopSignal.ts';

/** What is performed. */
export interface CheckpointToPerform {
  readonly call: FlowCall;
  readonly options: CheckpointOptions;
  readonly work: (call: CheckpointCall) => unknown;
  /** The hash of what it is given; undefined for a function that takes nothing. */
  readonly hash: string | undefined;
}

/** What the function of a checkpoint is given. */
class GivenCall implements CheckpointCall {
  readonly id: string;
  readonly key: string;
  readonly attempt: number;
  readonly #stopping: StopSignal;

  constructor(id: string, key: string, attempt: number, stopping: StopSignal) {
    this.id = id;
    this.key = key;
    this.attempt = attempt;
    this.#stopping = stopping;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }
}

/** Makes an attempt; the first is 1. A promise while it is under way, which never rejects. */
export function attemptCall(
  run: FlowBody,
  checkpoint: CheckpointToPerform,
  attempt: number,
): PerformedResult | Promise<PerformedResult> {
  const { call, options, work, hash } = checkpoint;
  const { id } = call;
  const key = run.keyOf(id);
  // One with a time limit stops by itself as well.
  const limited = options.timeout === undefined ? undefined : followedBy(call.controller);
  const stopping = limited?.stopping ?? call.controller;
  const scope = options.nested ? new CallScope(id, run.ids, run.book.sequence, call.request.scope.time) : undefined;
  const at = new CallAttempt(run, call, stopping, scope);
  const given = new GivenCall(id, key, attempt, stopping);
  try {
    run.scope.onCall?.({ tool: id, isWrite: true, input: hash ?? null, key });
    const begun = run.work.begins(call, attempt, options.effect === 'write' ? key : undefined);
    if (begun || limited || options.output) {
      const perform = () => inCheckpoint(at, work, given);
      const value = checked({ call, options, clock: run.clock, begun, stopping, perform });
      return endOf(run, at, value).finally(() => limited?.[Symbol.dispose]());
    }
    const value = inCheckpoint(at, work, given);
    return isThenable(value) ? endOf(run, at, value) : success(at, value);
  } catch (thrown) {
    return failure(run, at, thrown);
  }
}

async function endOf(run: FlowBody, at: CallAttempt, value: PromiseLike<unknown>): Promise<PerformedResult> {
  try {
    return success(at, await value);
  } catch (thrown) {
    return failure(run, at, thrown);
  }
}

function success({ id, noted }: CallAttempt, value: unknown): PerformedResult {
  const { json, encoded } = encodeValue(`The result of the checkpoint "${id}"`, value);
  const outcome = encoded ? ({ ok: true, output: json, encoded } as const) : ({ ok: true, output: json } as const);
  return noted ? { outcome, ...parts(noted) } : { outcome };
}

function failure({ calls }: FlowBody, { noted, scope }: CallAttempt, thrown: unknown): PerformedResult {
  const outcome = { ok: false, failure: userFailure(thrown) } as const;
  const late = thrown instanceof OutOfTime ? ({ isLate: true } as const) : {};
  // Only a nested one has calls inside.
  return { outcome, ...(noted ? parts(noted) : {}), cause: scope && calls.callOf(thrown), ...late };
}

const parts = ({ facts, artifacts, loaded }: AttemptNotes) => ({ metadata: facts, artifacts, loaded: [...loaded] });

/** What an attempt works with that is more than a call of its function. */
interface CheckedAttempt extends Pick<CheckpointToPerform, 'call' | 'options'> {
  readonly clock: Clock;
  /** Resolves when it is recorded that it begins; undefined where it is not waited for. */
  readonly begun: Promise<void> | undefined;
  readonly stopping: StopSignal;
  perform(): unknown;
}

/** The value that an attempt gives in time, as its schema says. */
async function checked({ call, options, clock, begun, stopping, perform }: CheckedAttempt): Promise<unknown> {
  await begun;
  // It was told to stop, or the process has lost the run, before it had begun.
  if (begun && stopping.isAborted) throw stopping.signal.reason;
  const { timeout, output } = options;
  const value =
    timeout === undefined
      ? await perform()
      : await inTime({ id: call.id, ms: milliseconds(timeout), clock, stopping }, async () => perform());
  const parsed = await output?.safeParseAsync(value);
  if (!parsed) return value;
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'invalid',
    `The result of the checkpoint "${call.id}" does not fit: ${describeMismatch(parsed.error, value)}.`,
  );
}

/** The time of an attempt is up. */
class OutOfTime extends TroupeError {
  constructor(id: string, ms: number) {
    super('timeout', `The checkpoint "${id}" did not end within ${ms} ms.`);
  }
}

/** Rejects with `timeout` after so many milliseconds, and says that the attempt is to stop. */
async function inTime(
  {
    id,
    ms,
    clock,
    stopping,
  }: { readonly id: string; readonly ms: number; readonly clock: Clock; readonly stopping: StopSignal },
  perform: () => Promise<unknown>,
): Promise<unknown> {
  let timer: Disposable | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.wake(clock.now() + ms, () => {
      const error = new OutOfTime(id, ms);
      reject(error);
      stopping.abort(error);
    });
  });
  try {
    return await Promise.race([perform(), late]);
  } finally {
    timer?.[Symbol.dispose]();
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
