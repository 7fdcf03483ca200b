/** A call whose end the body was not told yet. */
import type {
  FlowBegunRecord,
  FlowCallKind,
  FlowCallOutcome,
  FlowCallRecord,
} from '../../src/contracts/flow/record.ts';
import { decodeValue } from '../../src/flow/encode.ts';
import { fromFailure } from '../../src/values/failure.ts';
import type { FlowArrival } from '../../machines/flow/effectTypes.ts';
import { CallPromise } from './callPromise.ts';
import type { CallScope, MadeCall } from './callScope.ts';
import { StopSignal } from './stopSignal.ts';

/** The end of what was asked for. */
export type ArrivedEnd = Extract<FlowArrival, { call: string }>;

/** A call before it is made. */
export interface CallRequest {
  readonly kind: FlowCallKind;
  readonly name: string;
  readonly scope: CallScope;
  readonly id?: string | undefined;
  /** A hash of what it is given. */
  readonly input?: string | undefined;
  readonly type?: string | undefined;
  readonly waitedFor?: readonly string[] | undefined;
  /** It is begun although not all that is recorded was told: a nested checkpoint, whose calls are recorded. */
  readonly isScope?: boolean;
  /** Reads what it gave, where that is more than a value: an answer is parsed by its schema. */
  readonly read?: (value: unknown) => unknown;
}

/** When and where a call was made. */
export interface CallMoment {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** The call that the body had been told of last; undefined before the first. */
  readonly after: string | undefined;
  /** In a part of the body that a cancel does not reach. */
  readonly isNonCancellable: boolean;
  /** After the flow was told to stop. */
  readonly isCleanUp: boolean;
}

/** A call whose end the body was not told yet. */
export class FlowCall {
  readonly id: string;
  readonly made: MadeCall;
  readonly request: CallRequest;
  readonly at: number;
  readonly after: string | undefined;
  /** It goes on when the flow is told to stop. */
  readonly isNonCancellable: boolean;
  readonly #isCleanUp: boolean;
  /** Aborted when it is to stop. */
  readonly controller = new StopSignal();
  /** Its result for the body. */
  readonly promise: CallPromise;
  /** Its end is known in this process, and recorded or being stored. */
  isFinished = false;
  /** The number of the attempt that was begun last in this process; undefined before the first. */
  lastAttempt: number | undefined;
  /** How often it was recorded as begun by this process. */
  timesBegun = 0;
  /** What arrives for it, where that is more than its end. */
  onArrival: ((end: ArrivedEnd) => void) | undefined;
  /** Set by the promise when it is made. */
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(made: MadeCall, request: CallRequest, { at, after, isNonCancellable, isCleanUp }: CallMoment) {
    this.id = made.id;
    this.made = made;
    this.request = request;
    this.at = at;
    this.after = after;
    this.isNonCancellable = isNonCancellable;
    this.#isCleanUp = isCleanUp;
    this.promise = new CallPromise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  #fail(error: unknown): void {
    // Whether anybody waits for it is for the body to say.
    void this.promise.settled();
    this.#reject(error);
  }

  /** Tells the body how it ended. Returns the error that it was told. */
  tell(outcome: FlowCallOutcome): unknown {
    const { read } = this.request;
    try {
      if (!outcome.ok) throw fromFailure(outcome.failure);
      const value = outcome.encoded ? decodeValue({ json: outcome.output, encoded: true }) : outcome.output;
      this.#resolve(read ? read(value) : value);
      return undefined;
    } catch (thrown) {
      this.#fail(thrown);
      return thrown;
    }
  }

  /** It is not wanted any more. */
  stop(error: unknown): void {
    this.controller.abort(error);
    this.#fail(error);
  }

  /** The record of an attempt that began then; of a write that cannot be repeated with its key. */
  begun({ attempt, at }: { readonly attempt: number; readonly at: number }, key?: string): FlowBegunRecord {
    const { id, name } = this.made;
    const { scope, type } = this.request;
    return {
      record: 'begun',
      id,
      ...(name === id ? {} : { name }),
      ...(type === undefined ? {} : { type }),
      ...(scope.id === undefined ? {} : { scope: scope.id }),
      attempt,
      ...(key === undefined ? {} : { key }),
      at,
    };
  }

  /** Its record, when it ended now. */
  record(outcome: FlowCallOutcome, now: number): Writable<FlowCallRecord> {
    const { id, name, kind, n } = this.made;
    const { scope, type, waitedFor, input } = this.request;
    const record: Writable<FlowCallRecord> = { record: 'call', id, kind, n, at: this.at, ms: now - this.at, outcome };
    if (name !== id) record.name = name;
    if (type !== undefined) record.type = type;
    if (scope.id !== undefined) record.scope = scope.id;
    if (this.after !== undefined) record.after = this.after;
    if (waitedFor !== undefined && waitedFor.length > 0) record.waitedFor = waitedFor;
    if (input !== undefined) record.input = input;
    if (this.#isCleanUp) record.cleanUp = true;
    return record;
  }
}

/** A record that is being made. */
type Writable<Record> = { -readonly [Field in keyof Record]: Record[Field] };
