/** What is not done in this process: what the body asks its machine for, and what arrives of it. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { FlowArrival, FlowBodyInput, FlowRequest } from '../../machines/flow/effectTypes.ts';
import type { CallRecorder } from './callRecorder.ts';
import type { ArrivedEnd, FlowCall } from './flowCall.ts';
import { FlowInbox, type QueuedSignal } from './flowInbox.ts';
import { FlowRequests } from './flowRequests.ts';
import type { OpenCalls } from './openCalls.ts';
import { flowHasResult, uncertainOutcome } from './uncertainOutcome.ts';

/** What it works with. */
export interface ArrivalsParts {
  readonly book: Pick<RecordBook, 'anew' | 'signals'>;
  readonly open: Pick<OpenCalls, 'get' | 'all'>;
  readonly recorder: Pick<CallRecorder, 'finish'>;
  /** Is this call recorded, and not told yet? */
  isRecorded(id: string): boolean;
  /** There is something to ask for. */
  onChange(): void;
}

/** The requests and the arrivals of one body. */
export class CallArrivals {
  readonly #parts: ArrivalsParts;
  readonly #requests = new FlowRequests();
  readonly #inbox: FlowInbox;
  /** Calls that wait for the answer to a question about them, by the question; undefined until there is one. */
  #askedAbout: Map<string, FlowCall> | undefined;

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
    this.#inbox = new FlowInbox(parts.book.signals);
  }

  /** How much is to be asked for. */
  get unsent(): number {
    return this.#requests.size;
  }

  /** Takes what is to be asked for with the output of this turn. */
  send(turn: number): readonly FlowRequest[] {
    return this.#requests.send(turn);
  }

  /** The flow was told to stop: nothing more is asked for. What a question is about that is not answered is not known, and a part that goes on is told so. */
  stop(): void {
    this.#requests.clear();
    for (const call of this.#askedAbout?.values() ?? [])
      if (call.isNonCancellable) this.#parts.recorder.finish(call, { outcome: uncertainOutcome(call.id) });
    this.#askedAbout?.clear();
  }

  /** The body has its value: what it does not need any more does not keep its flow open for a person. */
  withdrawQuestions(): void {
    for (const [question, call] of this.#askedAbout ?? []) {
      if (!call.promise.isTaken) continue;
      this.#askedAbout?.delete(question);
      this.#requests.ended(question);
      this.#parts.recorder.finish(call, { outcome: uncertainOutcome(call.id, flowHasResult) });
    }
  }

  /** Asks for something whose end arrives. */
  request(call: FlowCall, asked: FlowRequest): void {
    const anew = this.#parts.book.anew.get(call.id);
    const request = anew === undefined || asked.anew !== undefined ? asked : { ...asked, anew };
    const end = this.#inbox.takeEnd(request.call);
    if (end) return this.#ended(call, end);
    if (request.call !== call.id) (this.#askedAbout ??= new Map()).set(request.call, call);
    this.#requests.add(request);
    this.#parts.onChange();
  }

  /** Waits for the next signal of the name of this call. */
  awaitSignal(call: FlowCall): void {
    const queued = this.#inbox.takeSignal(call.made.name);
    if (queued) this.#takeSignal(call, queued);
  }

  /** The names of the signals that the body waits for. */
  awaitedSignals(): readonly string[] {
    const names = [...this.#parts.open.all()].flatMap(({ isFinished, made: { kind, name } }) =>
      kind === 'signal' && !isFinished ? [name] : [],
    );
    return [...new Set(names)];
  }

  /** Takes what has arrived since the turn before; undefined when nothing has. */
  read(scope: EffectScope, { followed, arrivals }: FlowBodyInput): Promise<void> | undefined {
    this.#requests.followed(followed);
    return this.#inbox.read(scope, arrivals)?.then((news) => {
      for (const arrival of news) this.#arrived(arrival);
    });
  }

  #arrived(arrival: FlowArrival): void {
    if ('signal' in arrival) return this.#signalled(arrival);
    this.#requests.ended(arrival.call);
    const call = this.#parts.open.get(arrival.call) ?? this.#askedAbout?.get(arrival.call);
    this.#askedAbout?.delete(arrival.call);
    if (call && !this.#parts.isRecorded(call.id)) this.#ended(call, arrival);
    else this.#inbox.keepEnd(arrival);
  }

  #ended(call: FlowCall, end: ArrivedEnd): void {
    if (call.onArrival) call.onArrival(end);
    else this.#parts.recorder.finish(call, { outcome: end.outcome });
  }

  #signalled({ signal, value, encoded }: Extract<FlowArrival, { signal: string }>): void {
    const { open, isRecorded } = this.#parts;
    const queued = { value, ...(encoded ? { encoded } : {}) };
    for (const call of open.all()) {
      const { kind, name } = call.made;
      const isOpen = !call.isFinished && !isRecorded(call.id);
      if (kind === 'signal' && name === signal && isOpen) return this.#takeSignal(call, queued);
    }
    this.#inbox.keepSignal(signal, queued);
  }

  #takeSignal(call: FlowCall, { value, encoded }: QueuedSignal): void {
    this.#parts.recorder.finish(call, { outcome: { ok: true, output: value, ...(encoded ? { encoded } : {}) } });
  }
}
