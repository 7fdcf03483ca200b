/** What the calls of a body know of the run of that body. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { StoredSettings } from '../../src/contracts/flow/settings.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { BodyLife } from './bodyLife.ts';
import type { CallArrivals } from './callArrivals.ts';
import type { CallDefaults } from './callDefaults.ts';
import type { CallMaker } from './callMaker.ts';
import type { CallRecorder } from './callRecorder.ts';
import type { CallIds, CallScope } from './callScope.ts';
import type { CallWork } from './callWork.ts';
import type { FlowDeps } from './deps.ts';

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
  /** The scope of the effect that lets it go on now, or did last. */
  readonly scope: EffectScope;
  /** Whether anything can be called. */
  readonly life: Pick<
    BodyLife,
    'beginNonCancellable' | 'isToPause' | 'hasValue' | 'isOver' | 'isRefusedLater' | 'requireRunning' | 'stopReason'
  >;
  readonly calls: Pick<CallMaker, 'make' | 'beginLate' | 'callOf'>;
  /** What is performed in this process. */
  readonly work: Pick<CallWork, 'perform' | 'begins' | 'attempted'>;
  /** What is asked of the machine. */
  readonly arrivals: Pick<CallArrivals, 'request' | 'awaitSignal'>;
  readonly recorder: Pick<CallRecorder, 'finish' | 'log'>;
}
