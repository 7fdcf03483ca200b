/** The turns in which a body is let go on: each is an effect of its flow, and ends when the body asks for something, can do nothing by itself, or has ended. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { FlowBodyOutput } from '../../machines/flow/effectTypes.ts';
import { afterTurn } from './eventLoopTurn.ts';

interface Attached {
  readonly scope: EffectScope;
  resolve(output: FlowBodyOutput): void;
  reject(error: TroupeError): void;
}

/** What the turns work with. */
export interface TurnsParts {
  /** What there is to say; undefined while the body is at work. `isAttached`: does a turn wait for it? */
  output(isAttached: boolean): FlowBodyOutput | TroupeError | undefined;
  /** There is something to say, and no turn. */
  wake(): void;
  /** The process gives the run away, or has lost it. */
  onLost(): void;
}

/** The turns of one body. */
export class BodyTurns {
  readonly #parts: TurnsParts;
  #attached: Attached | undefined;
  #scope: EffectScope | undefined;
  /** Aborted when this process does not run the flow any more. */
  #gone: AbortSignal | undefined;
  /** These signals may be in memory as long as the flow is in this process: they must not keep a body that was forgotten. */
  #forgetGone: () => void = () => {};
  #forgetAbort: () => void = () => {};
  #last: { readonly turn: number; readonly output: FlowBodyOutput } | undefined;
  #turn = 0;
  #isConsidering = false;
  #isOver = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** The scope of the turn now, or of the last one. */
  get scope(): EffectScope {
    if (this.#scope) return this.#scope;
    throw new TroupeError('internal', 'A body is run by the effect of its flow.');
  }

  /** The number of the turn now, or of the last one. */
  get turn(): number {
    return this.#turn;
  }

  get isAttached(): boolean {
    return this.#attached !== undefined;
  }

  /** What the same turn came to before: its effect may be performed again when its result was lost. */
  outputOf(turn: number): FlowBodyOutput | undefined {
    return this.#last?.turn === turn ? this.#last.output : undefined;
  }

  /** Begins a turn, the last one where nothing follows when it is stopped. `prepare` is done first; it gives a promise where that takes time. */
  async take(
    scope: EffectScope,
    { turn, isLast }: { readonly turn: number; readonly isLast: boolean },
    prepare: () => Promise<void> | undefined,
  ): Promise<FlowBodyOutput> {
    this.#scope = scope;
    this.#turn = turn;
    this.#attached?.reject(new TroupeError('cancelled', 'Another turn of the body has begun.'));
    const output = new Promise<FlowBodyOutput>((resolve, reject) => (this.#attached = { scope, resolve, reject }));
    // It is awaited below, after what comes first.
    output.catch(() => {});
    this.#followAbort(scope, isLast);
    this.#followGone(scope);
    const preparing = prepare();
    if (preparing) await preparing;
    this.consider();
    const result = await output;
    this.#last = { turn, output: result };
    return result;
  }

  /** Nothing more is said. */
  end(reason: TroupeError): void {
    this.#isOver = true;
    this.#forgetAbort();
    this.#forgetGone();
    this.#attached?.reject(reason);
    this.#attached = undefined;
  }

  /** Looks soon whether there is something to say: after all that the body does at once. */
  consider(): void {
    if (this.#isConsidering || this.#isOver) return;
    this.#isConsidering = true;
    afterTurn(this.#say);
  }

  readonly #say = (): void => {
    this.#isConsidering = false;
    if (this.#isOver) return;
    const attached = this.#attached;
    const output = this.#parts.output(attached !== undefined);
    if (output === undefined) return;
    if (!attached) return this.#parts.wake();
    this.#attached = undefined;
    if (output instanceof TroupeError) attached.reject(output);
    else attached.resolve(output);
  };

  /** When a turn is stopped, something has arrived: the next one follows, however long the journal takes. */
  #followAbort(scope: EffectScope, isLast: boolean): void {
    const onAbort = () => {
      if (this.#attached?.scope === scope) {
        this.#attached.reject(new TroupeError('cancelled', 'Stopped.'));
        this.#attached = undefined;
      }
      if (isLast && this.#scope === scope && !this.#isOver) this.#parts.onLost();
    };
    this.#forgetAbort();
    this.#forgetAbort = onceAborted(scope.signal, onAbort);
  }

  #followGone({ gone }: EffectScope): void {
    if (!gone || gone === this.#gone) return;
    this.#gone = gone;
    this.#forgetGone();
    this.#forgetGone = onceAborted(gone, () => {
      if (!this.#isOver) this.#parts.onLost();
    });
  }
}

/** Calls when the signal fires, or at once when it has. Returns what takes that back. */
function onceAborted(signal: AbortSignal, call: () => void): () => void {
  if (signal.aborted) call();
  else signal.addEventListener('abort', call, { once: true });
  return () => signal.removeEventListener('abort', call);
}
