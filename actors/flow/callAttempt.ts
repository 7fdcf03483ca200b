/** One attempt at a checkpoint, as the code inside sees it. What most attempts do not ask for is made when they do. */
import { bodyRandom, type BodyRandom } from '../../src/flow/bodyRandom.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { CallScope } from './callScope.ts';
import { mergeFacts } from './facts.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import type { AttemptNotes, PerformedCall } from './flowScope.ts';
import { ModelNames } from './modelNames.ts';
import type { StopSignal } from './stopSignal.ts';

/** An attempt at a call. */
export class CallAttempt implements PerformedCall {
  readonly owner: FlowBody;
  readonly scope: CallScope | undefined;
  readonly #call: FlowCall;
  readonly #stopping: StopSignal;
  #notes: AttemptNotes | undefined;
  #random: BodyRandom | undefined;
  #modelNames: ModelNames | undefined;

  /** `stopping`: says that this attempt is to stop. `scope`: the calls inside, of a nested checkpoint. */
  constructor(owner: FlowBody, call: FlowCall, stopping: StopSignal, scope: CallScope | undefined) {
    this.owner = owner;
    this.scope = scope;
    this.#call = call;
    this.#stopping = stopping;
  }

  get id(): string {
    return this.#call.id;
  }

  get isNonCancellable(): boolean {
    return this.#call.isNonCancellable;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get around(): CallScope {
    return this.#call.request.scope;
  }

  get notes(): AttemptNotes {
    return (this.#notes ??= { facts: undefined, artifacts: [], loaded: new Set() });
  }

  /** What it has noted; undefined when nothing. */
  get noted(): AttemptNotes | undefined {
    return this.#notes;
  }

  get random(): BodyRandom {
    return (this.#random ??= bodyRandom(`${this.owner.seed}/${this.id}`));
  }

  get modelNames(): ModelNames {
    return (this.#modelNames ??= new ModelNames());
  }

  log(facts: JsonObject): void {
    this.notes.facts = mergeFacts(this.notes.facts, facts);
  }
}
