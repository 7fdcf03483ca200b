/** Makes the calls of a body: one that is recorded is told as it was, any other is begun. */
import type { FlowCallRecord } from '../../src/contracts/flow/record.ts';
import type { Divergence } from '../../src/flow/flowErrors.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { BodyLife } from './bodyLife.ts';
import type { CallRecorder } from './callRecorder.ts';
import type { CallSequence } from './callSequence.ts';
import { FlowCall, type CallRequest } from './flowCall.ts';
import type { HeldCalls } from './heldCalls.ts';
import type { OpenCalls } from './openCalls.ts';

/** What it works with. */
export interface CallMakerParts {
  readonly clock: Clock;
  readonly book: Pick<RecordBook, 'kept'>;
  readonly life: Pick<BodyLife, 'isOver' | 'requireRunning' | 'stopReason'>;
  readonly open: OpenCalls;
  readonly sequence: Pick<CallSequence, 'tellNext' | 'refuse'>;
  readonly held: Pick<HeldCalls, 'mayBegin' | 'hold'>;
  readonly recorder: Pick<CallRecorder, 'finishKept'>;
  /** Does the present code belong to a part of the body that a cancel does not reach? */
  isNonCancellable(): boolean;
  /** The body makes another call than the one that is recorded. */
  onDiverge(divergence: Divergence): void;
  /** A call was made. */
  onChange(): void;
}

/** Makes the calls of one body. */
export class CallMaker {
  readonly #parts: CallMakerParts;

  constructor(parts: CallMakerParts) {
    this.#parts = parts;
  }

  /** Makes a call; `begin` begins it, when it is not recorded. Throws where nothing can be called any more. */
  make(request: CallRequest, begin: (call: FlowCall) => void): FlowCall {
    const { clock, life, open, sequence, held, onDiverge, onChange } = this.#parts;
    const { kind, name, scope, isScope = false } = request;
    const isNonCancellable = this.#parts.isNonCancellable();
    const isCleanUp = life.stopReason !== undefined;
    const { call: made, record, divergence } = scope.make(kind, name, request);
    // One that is refused has its number all the same: the calls after it have theirs, wherever the body was told to stop.
    if (record && isCleanUp && !isNonCancellable) sequence.refuse(record.id);
    life.requireRunning(isNonCancellable);
    const call = new FlowCall(made, request, { at: clock.now(), after: open.last, isNonCancellable, isCleanUp });
    if (divergence) {
      onDiverge(divergence);
      return call;
    }
    open.add(call);
    if (record) sequence.tellNext();
    else if (held.mayBegin(isScope)) this.#begin(call, begin);
    else held.hold(() => this.#begin(call, begin));
    onChange();
    return call;
  }

  /** Begins a call that has waited for others: when calls may begin, as if it was made then. */
  beginLate(call: FlowCall, begin: () => void): void {
    const { life, open, held } = this.#parts;
    const go = () => {
      if (life.isOver || this.#isStopped(call)) return;
      if (call.controller.isAborted) open.drop(call);
      else begin();
    };
    if (held.mayBegin(false)) go();
    else held.hold(go);
  }

  #begin(call: FlowCall, begin: (call: FlowCall) => void): void {
    const { life, open, book, recorder } = this.#parts;
    if (life.isOver || this.#isStopped(call)) return;
    // It was to stop before it had begun: another item of its list has failed.
    if (call.controller.isAborted) return open.drop(call);
    const { kind, input } = call.request;
    const kept: FlowCallRecord | undefined = book.kept.get(call.id);
    // What a person has put in the place of a result is taken whatever the body asks with.
    const isTaken = kept?.kind === kind && (kept.from === 'override' || kept.input === input);
    if (isTaken) recorder.finishKept(call, kept);
    else begin(call);
  }

  /** Was the flow told to stop, and this call with it? */
  #isStopped(call: FlowCall): boolean {
    return this.#parts.life.stopReason !== undefined && !call.isNonCancellable;
  }

  /** The call whose failure was thrown, as it was told or as the cause of another error; undefined for any other error. */
  callOf(thrown: unknown): string | undefined {
    return this.#parts.open.callOf(thrown);
  }
}
