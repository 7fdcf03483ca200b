/**
 * The body of a flow in this process. It is run from its top; a call that is recorded gives what it gave, and any other is performed and then recorded.
 *
 * FB1 The body is told the end of a call only when its record is stored, and of one call at a time: all that it does then comes before the next one. Run again with the same
 *    records it is told the same in the same order (`callSequence.ts`).
 * FB2 Nothing is performed before all that is recorded was told, unless the body waits for it first: a body that has diverged does nothing (`heldCalls.ts`).
 * FB3 A call that was performed and not recorded, because the process died, is performed again under the same key; one that must not be (`effect: 'write'`) is asked about,
 *    also where its time was up in the middle.
 * FB4 What a person, a pause or a child gives is recorded in the same sequence as what is performed here (`callArrivals.ts`).
 * FB5 That it is to stop is recorded in the same sequence. From there on calls are refused, but for those of parts that a cancel does not reach; they are performed and
 *    recorded as any other, and gone on with in another process, until the body has ended or its time for that is over (`stopLimit.ts`).
 *
 * The way of a checkpoint: `checkpointCalls.ts` takes it from the body, `callMaker.ts` makes the call, `callWork.ts` performs it, `callRecorder.ts` makes its record,
 * `callSequence.ts` stores that and tells the body.
 */
import { AsyncResource } from 'node:async_hooks';
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { ToldRecord } from '../../src/contracts/flow/record.ts';
import type { StoredSettings } from '../../src/contracts/flow/settings.ts';
import type { Divergence } from '../../src/flow/flowErrors.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import { storedRecords } from '../../src/flow/storedRecords.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { FlowBodyInput, FlowBodyOutput } from '../../machines/flow/effectTypes.ts';
import { BodyFunction } from './bodyFunction.ts';
import { BodyLife } from './bodyLife.ts';
import { BodyStop } from './bodyStop.ts';
import { BodyTurns } from './bodyTurns.ts';
import { CallArrivals } from './callArrivals.ts';
import { callDefaults, noSettings, type CallDefaults } from './callDefaults.ts';
import { CallMaker } from './callMaker.ts';
import { CallRecorder, toldTime } from './callRecorder.ts';
import { CallIds, CallScope } from './callScope.ts';
import { CallSequence } from './callSequence.ts';
import { CallWork } from './callWork.ts';
import type { FlowDeps } from './deps.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import { flowContext } from './flowContext.ts';
import { isNonCancellable, outsideCheckpoints } from './flowScope.ts';
import { HeldCalls } from './heldCalls.ts';
import { OpenCalls } from './openCalls.ts';
import { StopLimit } from './stopLimit.ts';
import { turnOutput } from './turnOutput.ts';

/** What a flow is run from. */
export interface FlowRunParts {
  readonly deps: FlowDeps;
  readonly address: string;
  readonly run: string;
  readonly start: FlowStart;
  readonly book: RecordBook;
  /** None by default. */
  readonly settings?: StoredSettings | undefined;
  readonly clock: EffectScope['clock'];
  /** The number of the claim under which this process has the run. */
  readonly epoch: number;
}

/** Where an effect stores no checkpoints. */
const stored = Promise.resolve();

/** The body of one flow in this process: its parts, and what they tell each other. */
export class FlowRun implements FlowBody {
  readonly deps: FlowDeps;
  readonly executionId: string;
  readonly start: FlowStart;
  readonly book: RecordBook;
  /** The settings of the run, which its children have too. */
  readonly settings: StoredSettings;
  /** The number of the claim under which this process has the run. */
  readonly epoch: number;
  /** What its calls go by. */
  readonly defaults: CallDefaults;
  /** What the idempotency keys begin with. */
  readonly #keys: string;
  readonly ids = new CallIds();
  readonly root: CallScope;
  readonly clock: EffectScope['clock'];
  readonly life = new BodyLife();
  readonly #open = new OpenCalls();
  readonly #turns: BodyTurns;
  readonly #sequence: CallSequence;
  readonly #held: HeldCalls;
  readonly recorder: CallRecorder;
  readonly arrivals: CallArrivals;
  readonly work: CallWork;
  readonly calls: CallMaker;
  readonly #body: BodyFunction;
  #isBegun = false;
  readonly #stop: BodyStop;
  readonly #limit: StopLimit;
  /** What the body is called in: the effect that it belongs to. Bodies share their turns of the event loop, and not that. */
  readonly #context = outsideCheckpoints(() => new AsyncResource('TroupeFlow'));

  constructor({ deps, run, start, book, settings = noSettings, clock, address, epoch }: FlowRunParts) {
    this.epoch = epoch;
    this.deps = deps;
    this.executionId = run;
    this.start = start;
    this.book = book;
    this.settings = settings;
    this.defaults = callDefaults(settings, deps.flow.options);
    this.clock = clock;
    this.#keys = start.keys ?? (start.path === undefined ? run : `${run}/${start.path}`);
    this.root = new CallScope(undefined, this.ids, book.sequence, start.now ?? start.began ?? 0);
    const { concurrency } = this.defaults;
    const [life, open] = [this.life, this.#open];
    const onChange = () => this.#turns.consider();
    const isOver = () => life.isOver;
    this.#turns = new BodyTurns({
      output: (isAttached) => this.#output(isAttached),
      wake: () => this.#context.runInAsyncScope(() => deps.wake?.(address)),
      onLost: () => this.abandon(),
    });
    const onLive = () => this.#context.runInAsyncScope(() => this.#held.release());
    const sequence = (this.#sequence = new CallSequence({
      recorded: book.told,
      store: (records) => this.scope.checkpoint?.(storedRecords(records)) ?? stored,
      isWaitedFor: (id) => open.has(id),
      tell: (record) => this.#tell(record),
      onLive,
      onStopHeld: () => this.#held.watchStuck(),
      onChange,
      onLost: () => this.abandon(),
    }));
    const held = (this.#held = new HeldCalls({
      clock,
      isReplaying: () => sequence.isReplaying,
      isOver,
      onStuck: () => sequence.loosen(),
      onFree: () => this.work.beginNext(),
    }));
    const recorder = (this.recorder = new CallRecorder({ clock, book, sequence, takesEnds: () => life.takesEnds }));
    const isRecorded = (id: string) => sequence.isRecorded(id);
    this.arrivals = new CallArrivals({ book, open, recorder, isRecorded, onChange });
    const drop = (call: FlowCall) => {
      // The body is told so of each call that it waits for when it is told to stop.
      if (!this.#stop.isPending) open.drop(call);
    };
    this.work = new CallWork({
      clock,
      concurrency,
      recorder,
      isHeld: () => held.isHeld,
      isOver,
      drop,
      traced: () => this.scope.traced,
      onChange,
    });
    const { work, root } = this;
    const { flow, isTool = false } = deps;
    const body = (this.#body = new BodyFunction({
      flow,
      isTool,
      run,
      start,
      clock,
      life,
      open,
      root,
      recorder,
      arrivals: this.arrivals,
      sequence,
      work,
    }));
    const onDiverge = (divergence: Divergence) => body.diverge(divergence);
    this.calls = new CallMaker({
      clock,
      book,
      life,
      open,
      sequence,
      held,
      recorder,
      isNonCancellable: () => isNonCancellable(this),
      onDiverge,
      onChange,
    });
    this.#limit = new StopLimit({
      clock,
      cleanupGrace: flow.options.cleanupGrace,
      life,
      sequence,
      onOver: (reason) => this.#giveUp(reason),
    });
    const { arrivals } = this;
    this.#stop = new BodyStop({ clock, book, life, sequence, held, arrivals, open, onLive });
  }

  /** What its chance follows from. */
  get seed(): string {
    return this.start.seed ?? this.#keys;
  }

  /** The idempotency key of a call. What is made anew although it had succeeded is another call than it was, and than one whose id ends like its key. */
  keyOf(id: string): string {
    const life = this.book.anew.get(id);
    return `${this.#keys}/${id.replaceAll('~', '~~')}${life === undefined ? '' : `~${life}`}`;
  }

  // How it is let go on.

  /** The scope of the effect that lets it go on now, or did last. */
  get scope(): EffectScope {
    return this.#turns.scope;
  }

  /** The number of that effect. */
  get turn(): number {
    return this.#turns.turn;
  }

  /** Is an effect waiting for what it comes to? */
  get isAttached(): boolean {
    return this.#turns.isAttached;
  }

  /** Has the process given it up? */
  get isAbandoned(): boolean {
    return this.life.isAbandoned;
  }

  /** Is something of it under way in this process? */
  get isPerforming(): boolean {
    return this.work.performing > 0;
  }

  /** It has failed, and what was under way beside the failure has not stopped yet. */
  get isSettling(): boolean {
    return this.life.isFailed && this.isPerforming && !this.isAbandoned;
  }

  get isOver(): boolean {
    return this.life.isOver;
  }

  /** Lets the body go on. Rejects with the failure of the flow. */
  advance(scope: EffectScope, input: FlowBodyInput): Promise<FlowBodyOutput> {
    const { turn, paused, stop } = input;
    const known = stop === undefined ? this.#turns.outputOf(turn) : undefined;
    if (known) return Promise.resolve(known);
    const goOn = () => {
      this.#held.pause(paused);
      if (stop !== undefined) this.#stop.request(stop);
      if (!this.#isBegun) this.#begin();
      if (!this.#sequence.isReplaying) this.#held.release();
    };
    const output = this.#turns.take(scope, { turn, isLast: stop !== undefined }, () => {
      const arriving = this.arrivals.read(scope, input);
      if (arriving) return arriving.then(goOn);
      goOn();
      return undefined;
    });
    if (stop === undefined) return output;
    this.#limit.begin();
    return output.finally(() => this.#limit.end());
  }

  #begin(): void {
    this.#isBegun = true;
    // Where it is told to stop before any call has ended, that comes after all that it does at once.
    if (this.#stop.isRequested) this.#sequence.beginTurn();
    outsideCheckpoints(() => void this.#body.run(flowContext(this)).then(() => this.#turns.consider()));
  }

  /** A branch of the body that nobody awaits, or what a checkpoint has left behind, threw. One that has failed already keeps its failure, and one that was told to stop its end. False when it can fail no more. */
  takeStray(thrown: unknown): boolean {
    // What is under way is told to stop before the body is: what rejects by that must not keep it from cleaning up.
    if (this.#stop.isPending) return this.life.ignoresStray(thrown, this.#stop.reason);
    const failing = this.#body.failWith(thrown);
    void failing?.then(() => this.#turns.consider());
    return failing !== undefined || this.life.isFailed || this.life.ignoresStray(thrown);
  }

  #output(isAttached: boolean): FlowBodyOutput | TroupeError | undefined {
    if (this.#stop.isPending) return undefined;
    const [life, sequence, arrivals] = [this.life, this.#sequence, this.arrivals];
    // One that has diverged is told nothing more.
    if (!sequence.isQuiet && !(life.hasDiverged && sequence.isStored)) return undefined;
    const { isToBeginAgain } = this.#held;
    const { isSettling } = this;
    const [open, performing] = [this.#open.size, this.work.performing];
    // Facts are seen while the body waits: what waits for a person may wait for days.
    const isToWait = isAttached && life.isAtWork && !sequence.isReplaying && (arrivals.unsent > 0 || performing === 0);
    if (isToWait && open > 0 && !sequence.isStored) return void sequence.stored();
    return turnOutput(
      { life, sequence, arrivals, performing, open, isSettling, isToBeginAgain },
      this.turn,
      isAttached,
    );
  }

  /** It has not ended in time after it was told to stop: what is under way is told to stop, and not waited for. */
  #giveUp(reason: TroupeError): void {
    if (this.isAbandoned) return;
    this.#open.abort(reason);
    this.#turns.end(reason);
    this.abandon();
  }

  /** The process gives the run away, or has lost it: nothing more is begun, and the body is told nothing more. */
  abandon(): void {
    if (this.isAbandoned) return;
    this.life.abandon();
    this.#sequence.end();
    this.work.end();
    this.#held.end();
    const reason = new TroupeError('cancelled', 'This process does not run the flow any more.');
    this.#open.abort(reason);
    this.#turns.end(reason);
  }

  #tell(record: ToldRecord): void {
    if (record.record === 'stopping') return this.#stop.tell(record.reason);
    const call = this.#open.get(record.id);
    const isStopped = this.life.stopReason !== undefined;
    if (this.deps.flow.alwaysReplay && call?.isFinished && !isStopped) this.#held.beginAgain();
    const scope = call?.request.scope ?? this.root;
    scope.time = Math.max(scope.time, toldTime(record));
    this.#open.tell(record, isStopped);
  }
}
