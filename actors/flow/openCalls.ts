/** The calls whose end the body was not told yet, and the last one that it was told of. */
import type { FlowCallRecord } from '../../src/contracts/flow/record.ts';
import { isUncertain } from '../../src/flow/recordBook.ts';
import type { FlowCall } from './flowCall.ts';
import { ToldFailures } from './toldFailures.ts';

/** The open calls of one body. */
export class OpenCalls {
  readonly #calls = new Map<string, FlowCall>();
  /** Those that have failed before anybody took their result, with their failures. */
  #forgotten: { readonly call: FlowCall; readonly error: unknown }[] = [];
  readonly #failures = new ToldFailures();
  #last: string | undefined;
  #mayBeUnsettled = false;

  /** The call that the body was told of last; undefined before the first. */
  get last(): string | undefined {
    return this.#last;
  }

  /** Has one of them ended although nobody knows whether it happened, or a child failed, which may have left such a write? */
  get mayBeUnsettled(): boolean {
    return this.#mayBeUnsettled;
  }

  get size(): number {
    return this.#calls.size;
  }

  has(id: string): boolean {
    return this.#calls.has(id);
  }

  get(id: string): FlowCall | undefined {
    return this.#calls.get(id);
  }

  /** In the order in which they were made. */
  all(): IterableIterator<FlowCall> {
    return this.#calls.values();
  }

  add(call: FlowCall): void {
    this.#calls.set(call.id, call);
  }

  /** The body is never told its end. */
  drop({ id }: FlowCall): void {
    this.#calls.delete(id);
  }

  /** The body is told how a call ended; one that was stopped only counts it. */
  tell(record: FlowCallRecord, isStopped: boolean): void {
    const { id, outcome } = record;
    this.#mayBeUnsettled ||= isUncertain(record) || (record.kind === 'child' && !outcome.ok);
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    this.#last = id;
    if (!call || (isStopped && !call.isNonCancellable)) return;
    const error = call.tell(outcome);
    this.#failures.add(error, id);
    if (error !== undefined && isPart(call) && !call.promise.isTaken) this.#forgotten.push({ call, error });
  }

  /** The call whose failure was thrown, as it was told or as the cause of another error; undefined for any other error. */
  callOf(thrown: unknown): string | undefined {
    return this.#failures.callOf(thrown);
  }

  /** What is under way is told to stop. */
  abort(reason: unknown): void {
    for (const { controller } of this.#calls.values()) controller.abort(reason);
  }

  /** The same for those that can be cancelled. */
  cancel(reason: unknown): void {
    for (const { controller, isNonCancellable } of this.#calls.values())
      if (!isNonCancellable) controller.abort(reason);
  }

  /** The same, and the body is told this error. */
  stop(error: unknown): void {
    for (const call of this.#calls.values()) if (!call.isNonCancellable) call.stop(error);
  }

  /** Calls that are part of the body although it has not awaited them. A question or a pause that nobody awaits is not waited for. */
  unawaited(): FlowCall[] {
    return [...this.#calls.values()].filter(isPart);
  }

  /** The failure of the first call that has failed and that nobody awaits; undefined when there is none. */
  get forgotten(): { readonly error: unknown } | undefined {
    this.#forgotten = this.#forgotten.filter(({ call }) => !call.promise.isTaken);
    return this.#forgotten[0];
  }
}

/** Is it part of the body, also where that does not await it? */
const isPart = ({ made: { kind }, controller }: FlowCall): boolean =>
  (kind === 'checkpoint' || kind === 'child') && !controller.isAborted;
