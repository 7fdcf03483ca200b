/** What arrives for a body: the ends of what it has asked for, and signals. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import { arrivalsList } from '../../src/contracts/flow/record.ts';
import type { ArrivalEntry, FlowArrival } from '../../machines/flow/effectTypes.ts';
import type { Json } from '../../src/values/json.ts';
import type { ArrivedEnd } from './flowCall.ts';

/** A signal that nobody has taken. */
export interface QueuedSignal {
  readonly value: Json;
  readonly encoded?: true;
}

/** The arrivals of one body. */
export class FlowInbox {
  #taken = 0;
  /** Where the arrivals of this life begin in the list. */
  #begin: number | undefined;
  // Most bodies wait for nothing: these are made when there is something.
  /** The ends of calls that are not made yet. */
  #ends: Map<string, ArrivedEnd> | undefined;
  #signals: Map<string, QueuedSignal[]> | undefined;
  /** How many signals of a name were taken, and are not seen in the list yet. */
  readonly #recorded: Map<string, number> | undefined;

  /** `taken`: how many signals of a name were taken before. */
  constructor(taken: ReadonlyMap<string, number>) {
    this.#recorded = taken.size > 0 ? new Map(taken) : undefined;
  }

  /** Reads what has come since; undefined when that is nothing. `count` is how many there are in this life by now. Of earlier lives there are the signals that nobody has taken. */
  read(scope: EffectScope, count: number): Promise<readonly FlowArrival[]> | undefined {
    const { retries = 0 } = scope;
    const hasEarlier = this.#begin === undefined && retries > 0;
    return hasEarlier || count > this.#taken ? this.#news(scope, count) : undefined;
  }

  async #news(scope: EffectScope, count: number): Promise<readonly FlowArrival[]> {
    // What the machine of the flow appends.
    const list = (await scope.list(arrivalsList)) as unknown as readonly ArrivalEntry[];
    const isFirst = this.#begin === undefined;
    const begin = (this.#begin ??= list.findLastIndex((entry) => 'begun' in entry) + 1);
    const earlier = isFirst ? list.slice(0, begin) : [];
    const news = list.slice(begin + this.#taken, begin + count);
    this.#taken = count;
    const isNew = (entry: FlowArrival) => !('signal' in entry) || !this.#wasTaken(entry.signal);
    return [...earlier.filter((entry) => 'signal' in entry), ...news]
      .filter((entry): entry is FlowArrival => !('begun' in entry))
      .filter(isNew);
  }

  #wasTaken(signal: string): boolean {
    const left = this.#recorded?.get(signal) ?? 0;
    this.#recorded?.set(signal, left - 1);
    return left > 0;
  }

  keepEnd(end: ArrivedEnd): void {
    (this.#ends ??= new Map()).set(end.call, end);
  }

  /** The end of a call, when it has come already. */
  takeEnd(call: string): ArrivedEnd | undefined {
    const end = this.#ends?.get(call);
    this.#ends?.delete(call);
    return end;
  }

  keepSignal(name: string, signal: QueuedSignal): void {
    const signals = (this.#signals ??= new Map());
    signals.set(name, [...(signals.get(name) ?? []), signal]);
  }

  /** The first signal of a name that nobody has taken. */
  takeSignal(name: string): QueuedSignal | undefined {
    return this.#signals?.get(name)?.shift();
  }
}
