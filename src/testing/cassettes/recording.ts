/** A recording prepared for replay: what comes next from outside, and the outcome of each effect. */
import type { Json } from '../../values/json.ts';
import type { Cassette, RecordedEffect, RecordedStep } from './format.ts';
import { present } from '../present.ts';
import { fitsRecorded } from './masker.ts';

/** Something that came to the machines from outside, in its recorded order; `at` and `due` are milliseconds since the epoch. */
export type Cue =
  | { readonly kind: 'effect'; readonly at: number; readonly key: string }
  | { readonly kind: 'timer'; readonly at: number; readonly key: string; readonly due: number | undefined }
  | { readonly kind: 'outside'; readonly at: number; readonly step: RecordedStep };

/** A recording. */
export class Recording {
  /** As it was read. */
  readonly cassette: Cassette;
  /** What came from outside, in order. */
  readonly cues: Cue[];
  readonly #steps = new Map<string, RecordedStep[]>();
  readonly #paths = new Map<string, readonly RecordedStep[]>();
  readonly #unused: Set<RecordedEffect>;
  readonly #byKey: ReadonlyMap<string, RecordedEffect>;
  readonly #byActor = new Map<string, RecordedEffect[]>();
  /** Keys of effects that were started and have no outcome: they were stopped, or still running. */
  readonly #unanswered: ReadonlySet<string>;
  /** The step that asked for an effect, by the key of the effect. */
  readonly #opened = new Map<string, RecordedStep>();

  constructor(cassette: Cassette) {
    this.cassette = cassette;
    const { steps, ledger } = cassette;
    this.#unused = new Set(ledger);
    for (const entry of ledger) push(this.#byActor, `${entry.actor} ${entry.name}`, entry);
    for (const step of steps) {
      push(this.#steps, step.actor, step);
      for (const { key } of step.opens) this.#opened.set(key, step);
    }
    this.#byKey = new Map(ledger.map((entry) => [entry.key, entry]));
    this.#unanswered = new Set(
      steps.flatMap(({ opens }) =>
        opens.flatMap(({ key, kind }) => (kind === 'effect' && !this.#byKey.has(key) ? [key] : [])),
      ),
    );
    this.cues = cuesOf(cassette);
  }

  /** The recorded outcome of an effect that a cue names. */
  outcomeOf(key: string): RecordedEffect['outcome'] {
    return present(this.#byKey.get(key), `The outcome of ${key}`).outcome;
  }

  /** The recorded steps of an actor, without messages about budgets that it only took in or passed on. */
  path(actor: string): readonly RecordedStep[] {
    const known = this.#paths.get(actor);
    if (known) return known;
    const steps = this.#steps.get(actor) ?? [];
    const path = steps.filter(({ event, state }, index) => !isPassedOn(event.type, steps[index - 1]?.state, state));
    this.#paths.set(actor, path);
    return path;
  }

  /** Has this actor recorded steps? */
  knows(actor: string): boolean {
    return this.#steps.has(actor);
  }

  /** The step that asked for a recorded effect. */
  askedIn(key: string): RecordedStep | undefined {
    return this.#opened.get(key);
  }

  /** Was this effect recorded without an outcome? */
  isUnanswered(key: string): boolean {
    return this.#unanswered.has(key);
  }

  /** Uses up the recorded effect with this input: the one under this key when it fits, otherwise the first one that fits. */
  take(actor: string, name: string, input: Json, key: string): RecordedEffect | undefined {
    const isSame = (entry: RecordedEffect) => this.#unused.has(entry) && fitsRecorded(entry.input, input);
    const own = this.#byKey.get(key);
    if (own?.actor === actor && own.name === name && isSame(own)) return this.use(own);
    return this.use(this.#of(actor, name).find(isSame));
  }

  /** The next unused recorded effect of this actor and name, with any input. */
  next(actor: string, name: string): RecordedEffect | undefined {
    return this.#of(actor, name).find((entry) => this.#unused.has(entry));
  }

  /** Of all recorded effects of this name, used or not, the nearest: by input, then actor, then unused ones first. */
  nearest(actor: string, name: string, input: Json): RecordedEffect | undefined {
    const distance = (entry: RecordedEffect) =>
      (fitsRecorded(entry.input, input) ? 0 : 4) + (entry.actor === actor ? 0 : 2) + (this.#unused.has(entry) ? 0 : 1);
    const [nearest] = this.cassette.ledger
      .filter((entry) => entry.name === name)
      .sort((a, b) => distance(a) - distance(b));
    return nearest;
  }

  /** Uses up a recorded effect. */
  use(entry: RecordedEffect | undefined): RecordedEffect | undefined {
    if (entry) this.#unused.delete(entry);
    return entry;
  }

  /** Recorded effects that were not used. */
  get unused(): readonly RecordedEffect[] {
    return [...this.#unused];
  }

  #of(actor: string, name: string): readonly RecordedEffect[] {
    return this.#byActor.get(`${actor} ${name}`) ?? [];
  }
}

/**
 * Messages about the budget of members that work at once come from different actors, and may overtake each other and anything else on their way. Where one
 * leaves its recipient in the state that it was in, its place tells nothing. What it leads to is compared all the same: what a member may use is in the
 * input of its calls.
 */
export const isPassedOn = (eventType: string, before: string | undefined, state: string): boolean =>
  eventType.startsWith('treasury.') && before === state;

function cuesOf({ actors, steps, ledger }: Cassette): Cue[] {
  const inside = new Set(actors.map(({ actor }) => actor));
  const opened = new Map(steps.flatMap(({ opens }) => opens.map((open) => [open.key, open] as const)));
  const cues = steps.flatMap((step): Cue[] => {
    const { at, event } = step;
    const open = opened.get(event.id);
    if (open?.kind === 'effect') return [{ kind: 'effect', at, key: event.id }];
    if (open?.kind === 'timer') return [{ kind: 'timer', at, key: event.id, due: open.due }];
    return event.from !== undefined && !inside.has(event.from) ? [{ kind: 'outside', at, step }] : [];
  });
  // Outcomes that no step handled: the process stopped, or the actor ended, in between.
  const told = new Set(cues.flatMap((cue) => (cue.kind === 'effect' ? [cue.key] : [])));
  return [...cues, ...ledger.flatMap(({ key, at }): Cue[] => (told.has(key) ? [] : [{ kind: 'effect', at, key }]))];
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
