/** Reads along while a run writes its journal: where every actor stands, and which timers run. */
import type { Commit, Journal } from '../../journal/journal.ts';
import type { MachineEvent } from '../../system/chart.ts';
import { phaseOf, type Drifts } from './drift.ts';
import { fitsRecorded } from './masked.ts';
import type { Tape } from './tape.ts';

export interface RunningTimer {
  readonly key: string;
  readonly actor: string;
  readonly due: number;
  readonly type: string;
}

export class Watch {
  readonly #places = new Map<string, { state: string; seq: number; status: Commit['status'] }>();
  readonly timers = new Map<string, RunningTimer>();
  readonly #tape: Tape;
  readonly #drifts: Drifts;
  /** Commits so far. */
  count = 0;

  constructor(tape: Tape, drifts: Drifts) {
    this.#tape = tape;
    this.#drifts = drifts;
  }

  /** A journal that is read along. */
  over(journal: Journal): Journal {
    const commit = async (entry: Commit): Promise<void> => {
      await journal.commit(entry);
      this.#note(entry);
    };
    return new Proxy(journal, {
      get(target, name) {
        if (name === 'commit') return commit;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
      },
    });
  }

  place(actor: string): { readonly state: string; readonly seq: number } {
    return this.#places.get(actor) ?? { state: '', seq: 0 };
  }

  isActive(actor: string): boolean {
    return this.#places.get(actor)?.status === 'active';
  }

  /** The timer that is due first. */
  get soonest(): RunningTimer | undefined {
    let soonest: RunningTimer | undefined;
    for (const timer of this.timers.values()) if (!soonest || timer.due < soonest.due) soonest = timer;
    return soonest;
  }

  #note({ actor, seq, state, status, event, opens, closes }: Commit): void {
    this.count++;
    const before = this.place(actor);
    this.#places.set(actor, { state, seq, status });
    for (const key of [...closes, event.id]) this.timers.delete(key);
    for (const { key, kind, due, data } of opens)
      if (kind === 'timer')
        this.timers.set(key, { key, actor, due: due!, type: (data as unknown as { event: MachineEvent }).event.type });
    if (status !== 'active')
      for (const timer of this.timers.values()) if (timer.actor === actor) this.timers.delete(timer.key);
    this.#compare({ actor, seq, state, status, event }, before.state);
  }

  /** Once an actor has left the recorded path, every step differs. */
  #compare(
    { actor, seq, state, status, event }: Pick<Commit, 'actor' | 'seq' | 'state' | 'status' | 'event'>,
    before: string,
  ): void {
    if (this.#drifts.of(actor)) return;
    const recorded = this.#tape.step(actor, seq);
    if (
      recorded &&
      fitsRecorded(recorded.event.type, event.type) &&
      recorded.state === state &&
      recorded.status === status
    )
      return;
    const message = recorded
      ? `"${event.type}" led elsewhere:`
      : this.#tape.knows(actor)
        ? `it went on with "${event.type}" where its recording ends`
        : 'it was born, which was not recorded';
    const told = (step: { event: { type: string }; state: string; status: string }) =>
      `${step.event.type} -> ${step.state} (${step.status})`;
    this.#drifts.add(
      { kind: 'path', actor, phase: phaseOf(before === '' ? state : before), seq, message },
      recorded ? { recorded: told(recorded), came: told({ event, state, status }) } : undefined,
    );
  }
}
