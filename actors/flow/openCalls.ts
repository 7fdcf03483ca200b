/** The calls whose end the body was not told yet, and the last one that it was told of. */
import type { FlowCallRecord } from '../../src/contracts/flow/record.ts';
import type { FlowCall } from './flowCall.ts';
import { ToldFailures } from './toldFailures.ts';

/** The open calls of one body. */
export class OpenCalls {
  readonly #calls = new Map<string, FlowCall>();
  /** Those whose results are taken by futures, also after their end. */
  readonly futures: FlowCall[] = [];
  readonly #failures = new ToldFailures();
  #last: string | undefined;

  /** The call that the body was told of last; undefined before the first. */
  get last(): string | undefined {
    return this.#last;
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
    if (call.request.isFuture) this.futures.push(call);
  }

  /** The body is never told its end. */
  drop({ id }: FlowCall): void {
    this.#calls.delete(id);
  }

  /** The body is told how a call ended; one that was stopped only counts it. */
  tell({ id, outcome }: FlowCallRecord, isStopped: boolean): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    this.#last = id;
    if (!isStopped) this.#failures.add(call?.tell(outcome), id);
  }

  /** The call whose failure was thrown, as it was told or as the cause of another error; undefined for any other error. */
  callOf(thrown: unknown): string | undefined {
    return this.#failures.callOf(thrown);
  }

  /** What is under way is told to stop. */
  abort(reason: unknown): void {
    for (const { controller } of this.#calls.values()) controller.abort(reason);
  }

  /** The same, and the body is told this error. */
  stop(error: unknown): void {
    for (const call of this.#calls.values()) call.stop(error);
  }

  /** Calls that are part of the body although it has not awaited them. A question or a pause that nobody awaits is not waited for. */
  unawaited(): FlowCall[] {
    return [...this.#calls.values()].filter(
      ({ made: { kind }, controller }) => (kind === 'checkpoint' || kind === 'child') && !controller.isAborted,
    );
  }
}
