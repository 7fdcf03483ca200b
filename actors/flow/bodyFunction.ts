/** Runs the function of a flow to its end: with all that it has called, and with what it has recorded. */
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { FlowContext } from '../../src/flow/context.ts';
import type { Flow } from '../../src/flow/flow.ts';
import { divergedError, userFailure, type Divergence } from '../../src/flow/flowErrors.ts';
import type { Clock } from '../../src/values/clock.ts';
import { fromFailure, TroupeError } from '../../src/values/failure.ts';
import type { BodyEnd, BodyLife } from './bodyLife.ts';
import type { CallArrivals } from './callArrivals.ts';
import type { CallRecorder } from './callRecorder.ts';
import type { CallScope } from './callScope.ts';
import type { CallSequence } from './callSequence.ts';
import type { CallWork } from './callWork.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import { bodyOutput, bodyValue } from './flowResult.ts';
import type { OpenCalls } from './openCalls.ts';

/** What it works with. */
export interface BodyParts {
  readonly flow: Flow;
  /** It is called by an agent as a tool. */
  readonly isTool: boolean;
  readonly run: string;
  readonly start: FlowStart;
  readonly clock: Clock;
  readonly life: BodyLife;
  readonly open: OpenCalls;
  /** The calls of the body itself. */
  readonly root: CallScope;
  readonly recorder: Pick<CallRecorder, 'note'>;
  readonly arrivals: Pick<CallArrivals, 'withdrawQuestions'>;
  readonly sequence: Pick<CallSequence, 'isBlocked' | 'isStored' | 'stored'>;
  readonly work: Pick<CallWork, 'end'>;
}

/** The function of one body. */
export class BodyFunction {
  readonly #parts: BodyParts;
  /** Set when a branch that nobody awaits threw: what the function comes to then changes nothing. */
  #strayEnd: Promise<BodyEnd> | undefined;

  constructor(parts: BodyParts) {
    this.#parts = parts;
  }

  /** Runs it. Resolves when all that it has recorded is stored. */
  async run(context: FlowContext): Promise<void> {
    let end: BodyEnd | Promise<BodyEnd>;
    try {
      end = await this.#result(context);
    } catch (thrown) {
      end = this.#strayEnd ?? this.#failed(thrown);
    }
    await this.#finish(this.#strayEnd ?? end);
  }

  /**
   * Ends it with what a branch threw that nobody awaits, as if the function had thrown it. Resolves as `run`; undefined when the function is not at work any more, or was
   * told to stop and may still clean up.
   */
  failWith(thrown: unknown): Promise<void> | undefined {
    if (!this.#parts.life.isAtWork) return undefined;
    this.#strayEnd = this.#failed(thrown);
    return this.#finish(this.#strayEnd);
  }

  async #finish(end: BodyEnd | Promise<BodyEnd>): Promise<void> {
    const { life, sequence, work } = this.#parts;
    life.finish(end instanceof Promise ? await end : end);
    work.end();
    if (!sequence.isStored) await sequence.stored();
  }

  /** It does not make the calls that are recorded: it ends, before it does anything. */
  diverge(divergence: Divergence): void {
    const { life, run, recorder, clock } = this.#parts;
    if (life.end) return;
    const error = divergedError(run, divergence);
    life.finish({ is: 'failed', error });
    void recorder.note({ record: 'failed', at: clock.now(), failure: userFailure(error) });
  }

  async #result(context: FlowContext): Promise<BodyEnd> {
    const { flow, isTool, start, root, sequence, life, arrivals, open } = this.#parts;
    const value = await bodyValue(flow, start, context);
    life.gaveValue();
    arrivals.withdrawQuestions();
    await this.#restOfCalls();
    const { missing } = root;
    if (missing && sequence.isBlocked) {
      this.diverge(root.divergence(`it ended without ${missing.kind} "${missing.id}", which is recorded.`));
      return new Promise(() => {});
    }
    life.returned();
    const unsettled = open.mayBeUnsettled ? ({ unsettled: true } as const) : {};
    return { is: 'completed', ...(await bodyOutput({ flow, isTool }, value)), ...unsettled };
  }

  /** Calls that the body did not await are part of it. One that fails, fails the flow, unless the body waits for it elsewhere: in a branch, or in a race that another one has won. */
  async #restOfCalls(): Promise<void> {
    const { open, root, sequence } = this.#parts;
    for (;;) {
      await eventLoopTurn();
      const { forgotten } = open;
      if (forgotten) throw forgotten.error;
      const rest = open.unawaited();
      if (rest.length === 0 || (root.missing && sequence.isBlocked)) return;
      await Promise.race(rest.map(({ promise }) => promise.settled()));
    }
  }

  /** A part of a clean-up that fails leaves what is under way beside it, and what follows from that, to end. */
  async #restOfCleanUp(): Promise<void> {
    const { open } = this.#parts;
    for (;;) {
      await eventLoopTurn();
      const rest = open.unawaited().filter(({ isNonCancellable }) => isNonCancellable);
      if (rest.length === 0) return;
      await Promise.race(rest.map(({ promise }) => promise.settled()));
    }
  }

  async #failed(thrown: unknown): Promise<BodyEnd> {
    const { life, open, recorder, clock } = this.#parts;
    if (life.stopReason !== undefined) await this.#restOfCleanUp();
    life.threw();
    const failure = userFailure(thrown);
    const call = open.callOf(thrown);
    if (life.isFailed)
      await recorder.note({ record: 'failed', at: clock.now(), failure, ...(call === undefined ? {} : { call }) });
    // What was under way beside it is told to stop, and the flow waits for it until its grace period is over.
    open.abort(new TroupeError('cancelled', 'The flow has failed.'));
    // The effect is not tried again: the body is.
    return { is: 'failed', error: fromFailure({ ...failure, retryable: false }) };
  }
}
