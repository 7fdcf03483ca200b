/** The work of calls in this process: so much at once, and the end of each is recorded. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { FlowAttemptRecord } from '../../src/contracts/flow/record.ts';
import { userFailure } from '../../src/flow/flowErrors.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { CallRecorder } from './callRecorder.ts';
import type { FlowCall } from './flowCall.ts';
import type { PerformedResult } from './performedResult.ts';
import { UnderWay } from './underWay.ts';
import { WorkQueue } from './workQueue.ts';

/** Performs something; a promise while it is under way. */
export type PerformedWork = () => PerformedResult | Promise<PerformedResult>;

/** What it works with. */
export interface CallWorkParts {
  readonly clock: Clock;
  /** How many are under way at once. */
  readonly concurrency: number;
  readonly recorder: Pick<CallRecorder, 'finish' | 'note'>;
  /** May nothing be begun now? */
  isHeld(): boolean;
  isOver(): boolean;
  /** The body is never told the end of this call. */
  drop(call: FlowCall): void;
  /** Is around what is performed; undefined when nothing is traced. */
  traced(): EffectScope['traced'];
  /** Some work has ended. */
  onChange(): void;
}

/** The work of one body. */
export class CallWork {
  readonly #parts: CallWorkParts;
  readonly #queue: WorkQueue;
  readonly #underWay: UnderWay;

  constructor(parts: CallWorkParts) {
    this.#parts = parts;
    const { concurrency, clock, recorder, isHeld, drop } = parts;
    this.#queue = new WorkQueue({ concurrency, isHeld, dropped: drop });
    this.#underWay = new UnderWay(clock, (begun) => void recorder.note(...begun.map((each) => each.call.begun(each))));
  }

  /** How much is under way. */
  get performing(): number {
    return this.#queue.performing;
  }

  /**
   * Performs work of a call when fewer than the limit are under way. A nested checkpoint is code of the body: what it waits for is counted. `work` gives a promise
   * while it is under way. `ended`: takes its result, where that is not to be recorded as it is.
   */
  perform(call: FlowCall, work: PerformedWork, ended?: (result: PerformedResult) => void): void {
    if (call.request.isScope === true) this.#perform(call, work, ended);
    else this.#queue.add(call, () => this.#perform(call, work, ended));
  }

  #perform(call: FlowCall, work: PerformedWork, ended?: (result: PerformedResult) => void): void {
    let result: PerformedResult | Promise<PerformedResult>;
    try {
      const traced = this.#parts.traced();
      result = traced ? traced(partOf(call, work)) : work();
    } catch (thrown) {
      result = unperformed(thrown);
    }
    if (result instanceof Promise)
      result.then(
        (performed) => this.#ended(call, performed, ended),
        (thrown: unknown) => this.#ended(call, unperformed(thrown), ended),
      );
    else this.#ended(call, result, ended);
  }

  #ended(call: FlowCall, result: PerformedResult, ended?: (result: PerformedResult) => void): void {
    const { recorder, drop, isOver, clock, onChange } = this.#parts;
    const finish = ended ?? ((performed: PerformedResult) => recorder.finish(call, performed));
    if (call.request.isScope === true) this.#queue.beginNext();
    else this.#queue.ended(call);
    const isSeen = this.#underWay.end(call.id);
    // One that was stopped because another one had failed has no result.
    if (!call.controller.isAborted || result.outcome.ok) finish(result);
    else {
      drop(call);
      if (isSeen && !isOver()) void recorder.note({ record: 'stopped', id: call.id, at: clock.now() });
    }
    onChange();
  }

  /** An attempt of a call begins. `key`: of a write that must not be repeated; then the promise resolves when it is recorded. */
  begins(call: FlowCall, attempt: number, key: string | undefined): Promise<void> | undefined {
    const { recorder, clock } = this.#parts;
    const begun = { call, attempt, at: clock.now() };
    call.lastAttempt = attempt;
    this.#underWay.begin(begun, key !== undefined);
    if (key === undefined) return undefined;
    call.timesBegun++;
    return recorder.note(call.begun(begun, key));
  }

  /** An attempt has failed and is followed by another one. Resolves when that is stored. */
  attempted(record: FlowAttemptRecord): Promise<void> {
    // Between two attempts nothing of the call is under way.
    this.#underWay.end(record.id);
    return this.#parts.recorder.note(record);
  }

  /** Begins what may begin. */
  beginNext(): void {
    this.#queue.beginNext();
  }

  /** What is under way is not recorded as begun any more. */
  end(): void {
    this.#underWay.stop();
  }
}

/** A call as a part of the effect that runs the body. */
const partOf = ({ request: { kind, name } }: FlowCall, work: PerformedWork) => ({
  name: `${kind} ${name}`,
  work,
  failureOf: ({ outcome }: PerformedResult) => (outcome.ok ? undefined : outcome.failure),
});

const unperformed = (thrown: unknown): PerformedResult => ({ outcome: { ok: false, failure: userFailure(thrown) } });
