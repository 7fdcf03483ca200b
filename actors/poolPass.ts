/** One pass of a pool through its items: which of them is performed, how often, and what becomes of it. The promises are in `pool.ts`. */
import { backoff } from '../src/values/backoff.ts';
import { errorMessage } from '../src/values/cause.ts';
import { sleep } from '../src/values/clock.ts';
import type { EffectKind, EffectScope } from '../src/contracts/effect.ts';
import type { ItemScope } from '../src/contracts/item.ts';
import { toFailure, TroupeError, type Failure } from '../src/values/failure.ts';
import { isJson, plainCopy, type Json } from '../src/values/json.ts';
import { wholeJson } from '../src/values/jsonLoss.ts';
import { ItemLog, noItems, type ItemState, type KnownItems } from './itemLog.ts';

const { setMaxListeners } = process.getBuiltinModule('node:events');

/** What a pool does. */
export interface PoolWork {
  /** Its name, for messages. */
  readonly name: string;
  /** Takes a task apart. Pure. */
  split(task: Json): readonly unknown[];
  /** Works on one item; gives its result, or a promise of it. */
  map(item: unknown, scope: ItemScope): unknown;
  /** Makes one answer of all results, in the order of their items, and of the items that failed and may. Pure. */
  reduce(results: readonly Json[], task: Json, failed: readonly FailedItem[]): Json;
  /** What the keys of its items have after the actor; `item` by default. Pools of one actor need different ones. */
  readonly keys?: string;
  /** Does a result tell of a failure, which the retry of a failed run performs again? None does by default. */
  readonly isFailure?: (result: Json) => boolean;
  /** Its results are JSON that nothing changes any more, so that they are not copied. False by default. */
  readonly immutable?: boolean;
  /** What `map` does outside. */
  readonly effect: EffectKind;
  /** The outside honours the key. */
  readonly idempotent: boolean;
  /** How many items are worked on at once. */
  readonly concurrency: number;
  /** How many further attempts an item gets that failed. */
  readonly retries: number;
  /** How many items may fail in every attempt. */
  readonly maxFailures: number;
}

/** An item that failed in every attempt. */
export interface FailedItem {
  /** Its place in the list, from 0. */
  readonly item: number;
  readonly failure: Failure;
}

const longestPause = 60_000;
const firstPause = 500;

/** One pass through the items: until all are done, one too many has failed, or it is stopped. */
export class PoolPass {
  /** The answer of the pool. */
  readonly result: Promise<Json>;
  /** Resolves when no item is at work any more. Never rejects. */
  readonly rest: Promise<void>;
  readonly #work: PoolWork;
  readonly #task: Json;
  readonly #scope: EffectScope;
  readonly #items: readonly unknown[];
  readonly #states: Map<number, ItemState>;
  readonly #keys: string;
  readonly #log: ItemLog;
  readonly #failed: FailedItem[] = [];
  /** Aborted with the effect, and when one item too many has failed. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #isBlind: boolean;
  readonly #mayHaveBegun: boolean;
  #next = 0;
  #turn: Promise<void> | undefined;

  constructor(work: PoolWork, task: Json, scope: EffectScope, known: KnownItems) {
    this.#work = work;
    this.#task = task;
    this.#scope = scope;
    this.#items = work.split(task);
    this.#states = new Map(known.states);
    this.#keys = known.keys ?? `${actorOf(scope.key)}/${work.keys ?? 'item'}`;
    this.#log = new ItemLog(scope);
    this.#isBlind = work.effect === 'write' && !work.idempotent;
    this.#mayHaveBegun = scope.again || known !== noItems;
    // A write that was cut off would be uncertain: it may end.
    this.#signal = this.#isBlind ? new AbortController().signal : this.#stop.signal;
    // Every item may listen to it.
    setMaxListeners(0, this.#signal);
    const workers = this.#start(known);
    this.rest = workers.then(
      (all) => Promise.allSettled(all).then(() => this.#log.flush().catch(() => {})),
      () => {},
    );
    this.result = workers.then((all) => this.#finish(all));
  }

  async #start(known: KnownItems): Promise<readonly Promise<void>[]> {
    if (this.#scope.signal.aborted) this.#stop.abort();
    else this.#scope.signal.addEventListener('abort', () => this.#stop.abort(), { once: true });
    if (mayHaveEarlierItems(this.#scope) && known.keys === undefined) await this.#log.adopt(known, this.#keys);
    const width = Math.min(this.#work.concurrency, this.#items.length);
    return Array.from({ length: width }, () => this.#worker());
  }

  async #finish(workers: readonly Promise<void>[]): Promise<Json> {
    await Promise.all(workers);
    if (this.#stop.signal.aborted) throw new TroupeError('cancelled', 'Stopped while at work.');
    const results: Json[] = [];
    for (let item = 0; item < this.#items.length; item++) {
      const state = this.#states.get(item);
      if (state?.is === 'done') results.push(state.result);
    }
    const answer = this.#work.reduce(results, this.#task, this.#failed);
    this.#log.close();
    return answer;
  }

  async #worker(): Promise<void> {
    for (;;) {
      // Functions that answer at once would keep timers and sockets waiting.
      this.#turn ??= this.#scope.clock.turn?.()?.then(() => void (this.#turn = undefined));
      if (this.#turn) await this.#turn;
      if (this.#stop.signal.aborted || this.#next >= this.#items.length) return;
      const item = this.#next++;
      const state = this.#states.get(item);
      if (state?.is === 'done') continue;
      if (state?.is === 'failed') await this.#leaveOut(item, state.failure);
      else if (state?.is === 'begun' && this.#isBlind)
        await this.#leaveOut(item, this.#uncertain(item, 'its process stopped'));
      else await this.#perform(item);
    }
  }

  async #perform(item: number): Promise<void> {
    if (this.#isLate) return await this.#leaveOut(item, toFailure(this.#lateError(item)));
    if (this.#isBlind) await this.#log.begin(item);
    const scope = this.#itemScope(item);
    const { name, retries, effect, immutable } = this.#work;
    const isWrite = effect === 'write';
    for (let attempt = 1; ; attempt++) {
      try {
        this.#scope.onCall?.({ tool: name, isWrite, input: item, key: scope.key });
        const result = requireResult(
          await this.#work.map(this.#items[item], attempt === 1 ? scope : { ...scope, again: true }),
          immutable,
        );
        this.#states.set(item, { is: 'done', result });
        return this.#log.done(item, result);
      } catch (thrown) {
        const failure = toFailure(thrown);
        // What was stopped has not failed: it is performed when the pool goes on.
        if (this.#signal.aborted) return;
        if (this.#isBlind)
          return await this.#leaveOut(item, failure.retryable ? this.#uncertain(item, failure.message) : failure);
        const pause = this.#pauseAfter(attempt, failure);
        if (attempt > retries || failure.kind === 'uncertain' || !this.#isInTime(pause))
          return await this.#leaveOut(item, failure);
        await sleep(this.#scope.clock, pause, this.#signal).catch(() => {});
        if (this.#signal.aborted) return;
      }
    }
  }

  /** The item has failed for good. One too many ends the pass. */
  async #leaveOut(item: number, failure: Failure): Promise<void> {
    if (failure.kind !== 'uncertain' && this.#states.get(item)?.is !== 'failed') this.#log.failed(item, failure);
    this.#states.set(item, { is: 'failed', failure });
    this.#failed.push({ item, failure });
    if (this.#failed.length <= this.#work.maxFailures) return;
    this.#stop.abort();
    await this.#log.flush();
    throw this.#tooManyError({ item, failure });
  }

  #itemScope(index: number): ItemScope {
    const { clock, deadline, progress } = this.#scope;
    const [key, signal] = [`${this.#keys}/${index}`, this.#signal];
    return { key, index, signal, deadline, clock, again: this.#mayHaveBegun, progress };
  }

  get #isLate(): boolean {
    return !this.#isInTime(0);
  }

  #isInTime(pause: number): boolean {
    return this.#scope.clock.now() + pause < (this.#scope.deadline ?? Infinity);
  }

  #pauseAfter(attempt: number, { retryAfter = 0 }: Failure): number {
    const bounds = { first: firstPause, longest: longestPause };
    return Math.max(retryAfter, backoff(attempt, bounds, this.#scope.clock.random()));
  }

  #lateError(item: number): TroupeError {
    return new TroupeError('expired', `Item ${item + 1} of ${this.#work.name} was not begun: its deadline has passed.`);
  }

  #uncertain(item: number, why: string): Failure {
    const { name } = this.#work;
    const message = `Item ${item + 1} of ${name} may or may not have happened (${why}), and it does not honour idempotency keys. Look it up.`;
    return toFailure(new TroupeError('uncertain', message, { data: { key: `${this.#keys}/${item}` } }));
  }

  #tooManyError({ item, failure }: FailedItem): TroupeError {
    const { name, maxFailures } = this.#work;
    const failed = this.#failed.length;
    return new TroupeError(
      failure.kind,
      `${failed} of ${this.#items.length} items of ${name} failed, and ${maxFailures} may. Item ${item + 1}: ${failure.message}`,
      { cause: failure.cause, data: { failed: this.#failed.map((each) => each.item + 1) } },
    );
  }
}

/** In a retried run an earlier life may have performed items, of the same actor or of another one. */
export const mayHaveEarlierItems = ({ retries = 0 }: Pick<EffectScope, 'retries'>): boolean => retries > 0;

/** The actor that an effect was asked for by: its key is `actor/seq/index`. */
const actorOf = (key: string): string => key.split('/').slice(0, -2).join('/');

/** What a function gave, as it is kept. `isImmutable`: nothing changes it any more. Throws `tool` for what is no JSON. */
export function requireResult(value: unknown, isImmutable = false): Json {
  if (value === undefined) return null;
  if (isImmutable && isJson(value)) return value;
  try {
    return plainCopy(value) ?? wholeJson(value);
  } catch (cause) {
    throw new TroupeError('tool', `A result must be JSON, which the ledger can keep; ${errorMessage(cause)}.`, {
      cause,
    });
  }
}
