/** What the calls of a body know of the run of that body. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { FlowRecord } from '../../src/contracts/flow/record.ts';
import type { StoredSettings } from '../../src/contracts/flow/settings.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { FlowRequest } from '../../machines/flow/effectTypes.ts';
import type { CallDefaults } from './callDefaults.ts';
import type { CallIds, CallScope } from './callScope.ts';
import type { FlowDeps } from './deps.ts';
import type { CallRequest, FlowCall } from './flowCall.ts';
import type { PerformedResult } from './performCall.ts';

/** How a call ended, with what it noted. */
export type FlowCallResult = Partial<PerformedResult> & Pick<PerformedResult, 'outcome'>;

/** The run of a body. */
export interface FlowBody {
  readonly deps: FlowDeps;
  readonly executionId: string;
  readonly start: FlowStart;
  readonly book: RecordBook;
  readonly defaults: CallDefaults;
  /** The settings of the run, which its children have too. */
  readonly settings: StoredSettings;
  readonly ids: CallIds;
  /** The calls of the body itself. */
  readonly root: CallScope;
  readonly clock: EffectScope['clock'];
  /** What its chance follows from. */
  readonly seed: string;
  /** The idempotency key of a call. */
  keyOf(id: string): string;
  /** The call whose failure was thrown, as it was told or as the cause of another error; undefined for any other error. */
  callOf(thrown: unknown): string | undefined;
  /** The scope of the effect that lets it go on now, or did last. */
  readonly scope: EffectScope;
  /** Makes a call; `begin` begins it, when it is not recorded. Throws where nothing can be called any more. */
  call(request: CallRequest, begin: (call: FlowCall) => void): FlowCall;
  /** Asks the machine for something whose end arrives. */
  request(call: FlowCall, request: FlowRequest): void;
  /** Waits for the next signal of the name of this call. */
  awaitSignal(call: FlowCall): void;
  /** Performs work of a call in this process, when fewer than the limit are under way. */
  perform(call: FlowCall, work: () => Promise<PerformedResult>): void;
  /** The end of a call is known: it is recorded, and then told. */
  finish(call: FlowCall, result: FlowCallResult, from?: 'cache'): void;
  /** An attempt of a call begins. A promise when that is recorded at once, as of a write that must not be repeated. */
  begins(call: FlowCall, attempt: number, isRecorded: boolean): Promise<void> | undefined;
  /** Records something beside calls. Resolves when it is stored. */
  note(record: FlowRecord): Promise<void>;
  /** Facts about the run. */
  log(facts: JsonObject): void;
  /** A promise that rejects, or never settles, where nothing can be called any more; undefined where it can. */
  refusal(): Promise<never> | undefined;
  /** Throws `cancelled` or `scope` where nothing can be called any more. */
  requireRunning(): void;
}
