/**
 * The body of a flow in this process. It is run from its top; a call that is recorded gives what it gave, and any other is performed and then recorded.
 *
 * FB1 The body is told the end of a call only when its record is stored, and of one call at a time: all that it does then comes before the next one. Run again with the same
 *    records it is told the same in the same order.
 * FB2 Nothing is performed before all that is recorded was told, unless the body waits for it first: a body that has diverged does nothing.
 * FB3 A call that was performed and not recorded, because the process died, is performed again under the same key; one that must not be (`effect: 'write'`) is asked about.
 * FB4 What a person, a pause or a child gives is recorded in the same sequence as what is performed here.
 */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { FlowCallOutcome, FlowCallRecord, FlowRecord } from '../../src/contracts/flow/record.ts';
import type { StoredSettings } from '../../src/contracts/flow/settings.ts';
import { divergedError, stoppedError, userFailure, type Divergence } from '../../src/flow/flowErrors.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import { storedRecords } from '../../src/flow/storedRecords.ts';
import { fromFailure, TroupeError } from '../../src/values/failure.ts';
import type { Json, JsonObject } from '../../src/values/json.ts';
import type { FlowBodyInput, FlowBodyOutput, FlowArrival, FlowRequest } from '../../machines/flow/effectTypes.ts';
import { BodyTurns } from './bodyTurns.ts';
import { callDefaults, noSettings, type CallDefaults } from './callDefaults.ts';
import { CallIds, CallScope } from './callScope.ts';
import { CallSequence } from './callSequence.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import type { FlowDeps } from './deps.ts';
import { flowContext } from './flowContext.ts';
import { FlowRequests } from './flowRequests.ts';
import { FlowInbox, type QueuedSignal } from './flowInbox.ts';
import type { FlowBody } from './flowBody.ts';
import { bodyOutput, bodyValue } from './flowResult.ts';
import { outsideCheckpoints } from './flowScope.ts';
import { FlowCall, type CallRequest } from './flowCall.ts';
import type { PerformedResult } from './performCall.ts';
import { ToldFailures } from './toldFailures.ts';
import { UnderWay } from './underWay.ts';
import { WorkQueue } from './workQueue.ts';

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

type BodyEnd =
  | { readonly is: 'completed'; readonly output: Json; readonly encoded?: true }
  | { readonly is: 'failed'; readonly error: TroupeError };

/** How long a body may wait before it makes a call that is recorded, until what it has called besides is begun; milliseconds. */
const patience = 1_000;
/** How many calls of a body that was stopped are refused with an error. One that goes on calling, such as in a loop that catches every error, hears nothing more. */
const mostRefusals = 100;

/** The body of one flow in this process. */
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
  readonly #turns: BodyTurns;
  readonly #sequence: CallSequence;
  readonly #inbox: FlowInbox;
  readonly #pending = new Map<string, FlowCall>();
  readonly #futures: FlowCall[] = [];
  /** Calls that wait for the answer to a question about them, by the question. */
  readonly #askedAbout = new Map<string, FlowCall>();
  /** Calls whose end is known and is being stored. */
  readonly #finished = new Set<string>();
  /** Calls that are not begun yet: not all that is recorded was told, or the flow is paused. */
  #held: (() => void)[] = [];
  readonly #work: WorkQueue;
  readonly #requests = new FlowRequests();
  readonly #underWay: UnderWay;
  #logged = 0;
  #refusals = 0;
  /** The call that the body was told of last. */
  #last: string | undefined;
  #isPaused = false;
  #isBegun = false;
  #isAbandoned = false;
  /** For tests: it is to be begun again from its top, and begins nothing more before that. */
  #isToBeginAgain = false;
  /** The body has returned or thrown. */
  #isSettled = false;
  /** It has failed by itself: a retry may go on with it. */
  #isFailed = false;
  #stopReason: string | undefined;
  #end: BodyEnd | undefined;
  #stuck: Disposable | undefined;
  readonly #failures = new ToldFailures();

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
    this.root = new CallScope(undefined, this.ids, book.sequence, start.began ?? 0);
    this.#work = new WorkQueue({
      concurrency: this.defaults.concurrency,
      isHeld: () => this.#isHeld,
      dropped: ({ id }) => void this.#pending.delete(id),
    });
    this.#underWay = new UnderWay(clock, (records) => void this.#sequence.write(...records));
    this.#inbox = new FlowInbox(book.signals);
    this.#turns = new BodyTurns({
      output: (isAttached) => this.#output(isAttached),
      wake: () => deps.wake?.(address),
      onLost: () => this.abandon(),
    });
    this.#sequence = new CallSequence({
      recorded: book.sequence,
      store: async (records) => this.scope.checkpoint?.(storedRecords(records)),
      isWaitedFor: (id) => this.#pending.has(id),
      tell: (record) => this.#tell(record),
      onLive: () => this.#goLive(),
      onChange: () => this.#turns.consider(),
      onLost: () => this.abandon(),
    });
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
    return this.#isAbandoned;
  }

  /** Is something of it under way in this process? */
  get isPerforming(): boolean {
    return this.#work.performing > 0;
  }

  /** It has failed, and what was under way beside the failure has not stopped yet. */
  get isSettling(): boolean {
    return this.#isFailed && this.#work.performing > 0 && !this.#isAbandoned;
  }

  get isOver(): boolean {
    return this.#isAbandoned || this.#end !== undefined;
  }

  // How it is let go on.

  /** Lets the body go on. Rejects with the failure of the flow. */
  async advance(
    scope: EffectScope,
    { turn, followed, arrivals, paused, stop }: FlowBodyInput,
  ): Promise<FlowBodyOutput> {
    const known = stop === undefined ? this.#turns.outputOf(turn) : undefined;
    if (known) return known;
    return this.#turns.take(scope, { turn, isLast: stop !== undefined }, async () => {
      this.#requests.followed(followed);
      for (const arrival of await this.#inbox.read(scope, arrivals)) this.#arrived(arrival);
      this.#isPaused = paused;
      if (stop !== undefined) this.#stop(stop);
      if (!this.#isBegun) this.#begin();
      if (!this.#sequence.isReplaying) this.#goLive();
    });
  }

  /** The process gives the run away, or has lost it: nothing more is begun, and the body is told nothing more. */
  abandon(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#sequence.end();
    this.#underWay.stop();
    this.#stuck?.[Symbol.dispose]();
    const reason = new TroupeError('cancelled', 'This process does not run the flow any more.');
    for (const { controller } of this.#pending.values()) controller.abort(reason);
    this.#turns.end(reason);
  }

  #arrived(arrival: FlowArrival): void {
    if ('signal' in arrival) return this.#signalled(arrival);
    this.#requests.ended(arrival.call);
    const pending = this.#pending.get(arrival.call) ?? this.#askedAbout.get(arrival.call);
    this.#askedAbout.delete(arrival.call);
    if (pending && !this.#sequence.isRecorded(pending.id)) this.#ended(pending, arrival.outcome);
    else this.#inbox.keepEnd(arrival.call, arrival.outcome);
  }

  #ended(pending: FlowCall, outcome: FlowCallOutcome): void {
    if (pending.onArrival) pending.onArrival(outcome);
    else this.finish(pending, { outcome });
  }

  #signalled({ signal, value, encoded }: Extract<FlowArrival, { signal: string }>): void {
    const queued = { value, ...(encoded ? { encoded } : {}) };
    for (const pending of this.#pending.values()) {
      const { kind, name } = pending.made;
      const isOpen = !this.#finished.has(pending.id) && !this.#sequence.isRecorded(pending.id);
      if (kind === 'signal' && name === signal && isOpen) return this.takeSignal(pending, queued);
    }
    this.#inbox.keepSignal(signal, queued);
  }

  // What the body calls.

  /** Makes a call; `begin` begins it, when it is not recorded. Throws where nothing can be called any more. */
  call(request: CallRequest, begin: (pending: FlowCall) => void): FlowCall {
    this.requireRunning();
    const { kind, name, scope } = request;
    const { call, record, divergence } = scope.make(kind, name, request);
    const pending = new FlowCall(call, request, { at: this.clock.now(), after: this.#last });
    if (divergence) {
      this.#diverge(divergence);
      return pending;
    }
    this.#pending.set(call.id, pending);
    if (request.isFuture) this.#futures.push(pending);
    if (record) this.#sequence.tellNext();
    else this.#beginCall(pending, begin);
    this.#turns.consider();
    return pending;
  }

  #beginCall(pending: FlowCall, begin: (pending: FlowCall) => void): void {
    const { kind, input, isScope } = pending.request;
    const kept = this.book.kept.get(pending.id);
    const isSame = kept?.kind === kind && kept.input === input;
    const work = () => {
      if (this.isOver || this.#stopReason !== undefined) return;
      // It was to stop before it had begun: another item of its list has failed.
      if (pending.controller.isAborted) return void this.#pending.delete(pending.id);
      if (kept && isSame) this.#finishKept(pending, kept);
      else begin(pending);
    };
    if (!this.#isHeld && (!this.#sequence.isReplaying || isScope)) return work();
    this.#held.push(work);
    if (this.#sequence.isReplaying) this.#watchStuck();
  }

  /** Asks the machine for something whose end arrives. */
  request(pending: FlowCall, asked: FlowRequest): void {
    const anew = this.book.anew.get(pending.id);
    const request = anew === undefined || asked.anew !== undefined ? asked : { ...asked, anew };
    const outcome = this.#inbox.takeEnd(request.call);
    if (outcome) return this.#ended(pending, outcome);
    if (request.call !== pending.id) this.#askedAbout.set(request.call, pending);
    this.#requests.add(request);
    this.#turns.consider();
  }

  /** Waits for the next signal of the name of this call. */
  awaitSignal(pending: FlowCall): void {
    const queued = this.#inbox.takeSignal(pending.made.name);
    if (queued) this.takeSignal(pending, queued);
  }

  #awaitedSignals(): readonly string[] {
    const names = [...this.#pending.values()].flatMap(({ id, made: { kind, name } }) =>
      kind === 'signal' && !this.#finished.has(id) ? [name] : [],
    );
    return [...new Set(names)];
  }

  takeSignal(pending: FlowCall, { value, encoded }: QueuedSignal): void {
    this.finish(pending, { outcome: { ok: true, output: value, ...(encoded ? { encoded } : {}) } });
  }

  /** Performs work of a call in this process, when fewer than the limit are under way. A nested checkpoint is code of the body: what it waits for is counted. */
  perform(pending: FlowCall, work: () => Promise<PerformedResult>): void {
    if (pending.request.isScope === true) void this.#perform(pending, work, () => this.#work.beginNext());
    else this.#work.add(pending, () => this.#perform(pending, work, () => this.#work.ended()));
  }

  async #perform(pending: FlowCall, work: () => Promise<PerformedResult>, ended: () => void): Promise<void> {
    const result = await work().catch((thrown: unknown) => unperformed(thrown));
    ended();
    const isSeen = this.#underWay.end(pending.id);
    // One that was stopped because another one had failed has no result.
    if (!pending.controller.isAborted || result.outcome.ok) this.finish(pending, result);
    else {
      this.#pending.delete(pending.id);
      if (isSeen && !this.isOver) void this.note({ record: 'stopped', id: pending.id, at: this.clock.now() });
    }
    this.#turns.consider();
  }

  get #isHeld(): boolean {
    return this.#isPaused || this.#isToBeginAgain;
  }

  /** The end of a call is known: it is recorded, and then told. */
  finish(
    pending: FlowCall,
    {
      outcome,
      metadata,
      artifacts = [],
      loaded = [],
      cause,
    }: Partial<PerformedResult> & Pick<PerformedResult, 'outcome'>,
    from?: 'cache',
  ): void {
    const record: FlowCallRecord = {
      ...pending.record(outcome, this.clock.now()),
      ...(metadata ? { metadata } : {}),
      ...(loaded.length > 0 ? { loaded } : {}),
      ...(cause === undefined ? {} : { cause }),
      ...(from ? { from } : {}),
    };
    this.#write(record, artifacts);
  }

  #finishKept(pending: FlowCall, { outcome, metadata, from, type, loaded }: FlowCallRecord): void {
    const record: FlowCallRecord = {
      ...pending.record(outcome, pending.at),
      ...(type === undefined ? {} : { type }),
      ...(metadata ? { metadata } : {}),
      ...(loaded ? { loaded } : {}),
      from: from === 'override' ? 'override' : 'replay',
    };
    this.#write(record, this.book.keptArtifacts.get(pending.id) ?? []);
  }

  #write(record: FlowCallRecord, before: readonly FlowRecord[]): void {
    // What was under way when the body failed may still succeed: a retry takes it.
    const isOver = this.#isAbandoned || (this.#isSettled && !this.#isFailed);
    if (isOver || this.#finished.has(record.id)) return;
    this.#finished.add(record.id);
    void this.#sequence.write(...before, record);
  }

  /** An attempt of a call begins. A promise when that is recorded at once, as of a write that must not be repeated. */
  begins(pending: FlowCall, attempt: number, isRecorded: boolean): Promise<void> | undefined {
    const record = pending.begun(attempt, this.clock.now());
    this.#underWay.begin(record, isRecorded);
    return isRecorded ? this.note(record) : undefined;
  }

  /** Records something beside calls. Resolves when it is stored. */
  note(record: FlowRecord): Promise<void> {
    // Between two attempts nothing of the call is under way.
    if (record.record === 'attempt') this.#underWay.end(record.id);
    return this.#sequence.write(record);
  }

  /** Facts about the run: those that are recorded are not recorded again. They are stored with the next call, or at the end. */
  log(data: JsonObject): void {
    if (this.#logged++ >= this.book.logs) this.#sequence.keep({ record: 'log', at: this.root.time, data });
  }

  /** What a call that is made now gives, when none can be made any more. */
  refusal(): Promise<never> | undefined {
    try {
      this.requireRunning();
      return undefined;
    } catch (error) {
      return ++this.#refusals > mostRefusals ? new Promise(() => {}) : Promise.reject(error as TroupeError);
    }
  }

  /** Throws where nothing can be called any more. */
  requireRunning(): void {
    if (this.#stopReason !== undefined) throw stoppedError(this.#stopReason);
    if (this.#isSettled)
      throw new TroupeError(
        'scope',
        'The body of this flow has ended: nothing can be called any more. Await every call in it.',
      );
  }

  #tell({ id, at, ms, outcome }: FlowCallRecord): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#finished.has(id) && this.deps.flow.alwaysReplay) this.#isToBeginAgain = true;
    this.#last = id;
    const scope = pending?.request.scope ?? this.root;
    scope.time = Math.max(scope.time, at + ms);
    if (this.#stopReason !== undefined) return;
    this.#failures.add(pending?.tell(outcome), id);
  }

  #goLive(): void {
    this.#stuck?.[Symbol.dispose]();
    if (this.#isHeld) return;
    this.#work.beginNext();
    const held = this.#held;
    this.#held = [];
    for (const work of held) work();
  }

  /** A body that waits for what is not recorded, before it makes a call that is: that is begun after a while. */
  #watchStuck(): void {
    this.#stuck ??= this.clock.wake(this.clock.now() + patience, () => {
      this.#stuck = undefined;
      if (!this.#sequence.isReplaying || this.isOver) return;
      this.#sequence.loosen();
      this.#goLive();
    });
  }

  // How it ends.

  #begin(): void {
    this.#isBegun = true;
    void outsideCheckpoints(async () => {
      const end = await this.#result().catch((thrown: unknown) => this.#failed(thrown));
      this.#end ??= end;
      this.#underWay.stop();
      await this.#sequence.write();
      this.#turns.consider();
    });
  }

  async #result(): Promise<BodyEnd> {
    const { flow } = this.deps;
    const value = await bodyValue(flow, this.start, flowContext(this));
    await this.#restOfCalls();
    const { missing } = this.root;
    if (missing && this.#sequence.isBlocked) {
      this.#diverge(this.root.divergence(`it ended without ${missing.kind} "${missing.id}", which is recorded.`));
      return new Promise(() => {});
    }
    this.#isSettled = true;
    return { is: 'completed', ...(await bodyOutput(flow, value)) };
  }

  /** Calls that the body did not await are part of it; one that fails, fails the flow. A question or a pause that nobody awaits is not waited for. */
  async #restOfCalls(): Promise<void> {
    for (;;) {
      await eventLoopTurn();
      const rest = [...this.#pending.values()].filter(
        ({ made: { kind }, controller }) => (kind === 'checkpoint' || kind === 'child') && !controller.isAborted,
      );
      if (this.root.missing && this.#sequence.isBlocked) return;
      if (rest.length === 0) break;
      await Promise.race(rest.map(({ promise }) => promise));
    }
    // Also one that had failed before the body ended.
    for (const { promise, isTaken, controller } of this.#futures) if (!isTaken && !controller.isAborted) await promise;
  }

  async #failed(thrown: unknown): Promise<BodyEnd> {
    this.#isSettled = true;
    this.#isFailed = this.#stopReason === undefined;
    const failure = userFailure(thrown);
    const call = this.callOf(thrown);
    if (this.#isFailed)
      await this.note({ record: 'failed', at: this.clock.now(), failure, ...(call === undefined ? {} : { call }) });
    // What was under way beside it is told to stop, and the flow waits for it until its grace period is over.
    const reason = new TroupeError('cancelled', 'The flow has failed.');
    for (const { controller } of this.#pending.values()) controller.abort(reason);
    // The effect is not tried again: the body is.
    return { is: 'failed', error: fromFailure({ ...failure, retryable: false }) };
  }

  callOf(thrown: unknown): string | undefined {
    return this.#failures.callOf(thrown);
  }

  #diverge(divergence: Divergence): void {
    if (this.#end) return;
    const error = divergedError(this.executionId, divergence);
    this.#end = { is: 'failed', error };
    void this.note({ record: 'failed', at: this.clock.now(), failure: userFailure(error) });
  }

  #stop(reason: string): void {
    if (this.#stopReason !== undefined) return;
    this.#stopReason = reason;
    this.#held = [];
    this.#work.clear();
    this.#requests.clear();
    const error = stoppedError(reason);
    for (const pending of this.#pending.values()) pending.stop(error);
  }

  // What it comes to.

  /** What there is to say; undefined while the body is at work. */
  #output(isAttached: boolean): FlowBodyOutput | TroupeError | undefined {
    if (!this.#sequence.isQuiet) return undefined;
    if (this.#stopReason !== undefined) return this.#end && !this.isSettling ? { status: 'stopped' } : undefined;
    if (this.#end) return this.#sequence.isStored ? outputOf(this.#end) : undefined;
    if (this.#sequence.isReplaying) return undefined;
    if (this.#isToBeginAgain && isAttached)
      return this.#work.performing > 0
        ? undefined
        : { status: 'open', requests: this.#requests.send(this.turn), busy: true };
    const isAtWork = this.#work.performing > 0 || this.#pending.size === 0;
    if (isAtWork && this.#requests.size > 0 && isAttached)
      return { status: 'open', requests: this.#requests.send(this.turn), busy: true };
    if (this.#requests.size === 0 && (isAtWork || !isAttached)) return undefined;
    const signals = this.#awaitedSignals();
    const requests = isAttached ? this.#requests.send(this.turn) : [];
    return { status: 'open', requests, busy: false, ...(signals.length > 0 ? { signals } : {}) };
  }
}

const unperformed = (thrown: unknown): PerformedResult => ({
  outcome: { ok: false, failure: userFailure(thrown) },
  metadata: undefined,
  artifacts: [],
  loaded: [],
});

function outputOf(end: BodyEnd): FlowBodyOutput | TroupeError {
  if (end.is === 'failed') return end.error;
  const { is: _, ...completed } = end;
  return { status: 'completed', ...completed };
}
