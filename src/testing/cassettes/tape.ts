/** A recording, made ready to be played: what comes next from outside, and what an effect gave when it was asked. */
import type { Json } from '../../contracts/json.ts';
import type { Cassette, TapedEffect, TapedStep } from './format.ts';
import { fitsRecorded } from './masked.ts';

/** Something that came from outside the machines, in the order it came. */
export type Cue =
  | { readonly kind: 'effect'; readonly at: number; readonly key: string }
  | { readonly kind: 'timer'; readonly at: number; readonly key: string; readonly due: number | undefined }
  | { readonly kind: 'outside'; readonly at: number; readonly step: TapedStep };

export class Tape {
  readonly cassette: Cassette;
  readonly cues: Cue[];
  readonly #steps = new Map<string, TapedStep[]>();
  readonly #unused: Set<TapedEffect>;
  readonly #byKey: ReadonlyMap<string, TapedEffect>;
  readonly #byActor = new Map<string, TapedEffect[]>();
  /** Effects that were begun and gave nothing: stopped, or still running when it was recorded. */
  readonly #unanswered: ReadonlySet<string>;
  /** The state an effect was asked in. */
  readonly #opened = new Map<string, TapedStep>();

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

  /** What was recorded under a key that a cue has. */
  outcomeOf(key: string): TapedEffect['outcome'] {
    return this.#byKey.get(key)!.outcome;
  }

  /** The step of that number, as it was recorded. */
  step(actor: string, seq: number): TapedStep | undefined {
    return this.#steps.get(actor)?.[seq - 1];
  }

  knows(actor: string): boolean {
    return this.#steps.has(actor);
  }

  /** Where a recorded effect was asked. */
  placeOf(key: string): TapedStep | undefined {
    return this.#opened.get(key);
  }

  isUnanswered(key: string): boolean {
    return this.#unanswered.has(key);
  }

  /** Takes the effect that was asked with this input: under this key if it can be, else the first one. */
  take(actor: string, name: string, input: Json, key: string): TapedEffect | undefined {
    const isMeant = (entry: TapedEffect) => this.#unused.has(entry) && fitsRecorded(entry.input, input);
    const own = this.#byKey.get(key);
    if (own?.actor === actor && own.name === name && isMeant(own)) return this.use(own);
    return this.use(this.#of(actor, name).find(isMeant));
  }

  /** The next one of that actor and name that nobody asked for yet, whatever its input. */
  next(actor: string, name: string): TapedEffect | undefined {
    return this.#of(actor, name).find((entry) => this.#unused.has(entry));
  }

  /** Of all that were recorded under that name, used or not, the one nearest to what is asked. */
  nearest(actor: string, name: string, input: Json): TapedEffect | undefined {
    const far = (entry: TapedEffect) =>
      (fitsRecorded(entry.input, input) ? 0 : 4) + (entry.actor === actor ? 0 : 2) + (this.#unused.has(entry) ? 0 : 1);
    const [nearest] = this.cassette.ledger.filter((entry) => entry.name === name).sort((a, b) => far(a) - far(b));
    return nearest;
  }

  use(entry: TapedEffect | undefined): TapedEffect | undefined {
    if (entry) this.#unused.delete(entry);
    return entry;
  }

  /** Recorded, and never asked for. */
  get left(): readonly TapedEffect[] {
    return [...this.#unused];
  }

  #of(actor: string, name: string): readonly TapedEffect[] {
    return this.#byActor.get(`${actor} ${name}`) ?? [];
  }
}

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
  // A result that no step took: the process stopped, or its actor ended, between the two.
  const told = new Set(cues.flatMap((cue) => (cue.kind === 'effect' ? [cue.key] : [])));
  return [...cues, ...ledger.flatMap(({ key, at }): Cue[] => (told.has(key) ? [] : [{ kind: 'effect', at, key }]))];
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
