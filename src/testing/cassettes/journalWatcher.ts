/** Follows the journal of a replay: the state of every actor, and the timers that run. */
import type { Commit, Journal } from '../../journal/journal.ts';

import { phaseOf, type DriftLog } from './drift.ts';
import { fitsRecorded } from './masker.ts';
import { isPassedOn, type Recording } from './recording.ts';

/** A timer that has not fired. */
export interface RunningTimer {
  /** The key of its pending. */
  readonly key: string;
  /** The address of its actor. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly due: number;
  /** The type of the event that it sends. */
  readonly type: string;
}

/** What the commits of a replay have done so far. */
export class JournalWatcher {
  readonly #actors = new Map<string, { state: string; seq: number; status: Commit['status'] }>();
  /** The running timers, by key. */
  readonly timers = new Map<string, RunningTimer>();
  /** How many steps of each actor were compared. */
  readonly #compared = new Map<string, number>();
  readonly #recording: Recording;
  readonly #drifts: DriftLog;
  /** Commits so far. */
  count = 0;

  constructor(recording: Recording, drifts: DriftLog) {
    this.#recording = recording;
    this.#drifts = drifts;
  }

  /** The same journal; every commit is followed. */
  wrap(journal: Journal): Journal {
    const commit = async (entry: Commit): Promise<void> => {
      await journal.commit(entry);
      this.#note(entry);
    };
    const commitAll = async (entries: readonly Commit[]): Promise<void> => {
      await journal.commitAll?.(entries);
      for (const entry of entries) this.#note(entry);
    };
    return new Proxy(journal, {
      get(target, name) {
        if (name === 'commit') return commit;
        if (name === 'commitAll') return journal.commitAll && commitAll;
        const member: unknown = Reflect.get(target, name);
        // A method of a class with private fields needs its own object as `this`.
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  /** The state of an actor, and the number of its last step; empty and 0 for one without a step. */
  lastStepOf(actor: string): { readonly state: string; readonly seq: number } {
    return this.#actors.get(actor) ?? { state: '', seq: 0 };
  }

  /** Has this actor started and not ended? */
  isActive(actor: string): boolean {
    return this.#actors.get(actor)?.status === 'active';
  }

  /** The timer that is due first. */
  get soonest(): RunningTimer | undefined {
    let soonest: RunningTimer | undefined;
    for (const timer of this.timers.values()) if (!soonest || timer.due < soonest.due) soonest = timer;
    return soonest;
  }

  #note({ actor, seq, state, status, event, opens, closes }: Commit): void {
    this.count++;
    const before = this.lastStepOf(actor);
    this.#actors.set(actor, { state, seq, status });
    for (const key of [...closes, event.id]) this.timers.delete(key);
    for (const pending of opens) {
      const { key, kind, due } = pending;
      if (kind === 'timer' && due !== undefined)
        this.timers.set(key, { key, actor, due, type: pending.data.event.type });
    }
    if (status !== 'active')
      for (const timer of this.timers.values()) if (timer.actor === actor) this.timers.delete(timer.key);
    this.#compare({ actor, seq, state, status, event }, before.state);
  }

  /** Adds a difference when a step does not match its recorded one. After the first difference of an actor all its steps differ, so they are not compared. */
  #compare(
    { actor, seq, state, status, event }: Pick<Commit, 'actor' | 'seq' | 'state' | 'status' | 'event'>,
    before: string,
  ): void {
    if (this.#drifts.of(actor)) return;
    if (isPassedOn(event.type, before, state)) return;
    const nth = this.#compared.get(actor) ?? 0;
    this.#compared.set(actor, nth + 1);
    const recorded = this.#recording.path(actor)[nth];
    if (
      recorded &&
      fitsRecorded(recorded.event.type, event.type) &&
      recorded.state === state &&
      recorded.status === status
    )
      return;
    const message = recorded
      ? `"${event.type}" led elsewhere:`
      : this.#recording.knows(actor)
        ? `it went on with "${event.type}" where its recording ends`
        : 'it was started, which was not recorded';
    const told = (step: { event: { type: string }; state: string; status: string }) =>
      `${step.event.type} -> ${step.state} (${step.status})`;
    this.#drifts.add(
      { kind: 'path', actor, phase: phaseOf(before === '' ? state : before), seq, message },
      recorded ? { recorded: told(recorded), came: told({ event, state, status }) } : undefined,
    );
  }
}
