/** Where a replay leaves the recording: the first difference of each phase of each actor, in the order they came up. */
import { difference } from '../difference.ts';

export interface Drift {
  /**
   * `input`: an effect was asked with another input. `unrecorded`: one was asked that is not on the tape. `unasked`: a recorded one was never
   * asked. `outcome`: a pure effect, such as a team's route, comes to something else. `path`: an event led elsewhere. `unheard`: what a person or a stranger said found nobody to take it. `end`: the run ended otherwise.
   */
  readonly kind: 'input' | 'unrecorded' | 'unasked' | 'outcome' | 'path' | 'unheard' | 'end';
  readonly actor: string;
  /** The state around the innermost one, such as `execution`; of a flat machine, its state. */
  readonly phase: string;
  /** The step of the actor it happened after. */
  readonly seq: number;
  readonly message: string;
  /** What was recorded behind `-`, what came behind `+`. */
  readonly difference?: string;
}

export class Drifts {
  readonly all: Drift[] = [];
  readonly #seen = new Set<string>();

  /** Kept when it is the first of its actor's phase. `pair`: what was recorded and what came. */
  add(drift: Omit<Drift, 'difference'>, pair?: { readonly recorded: unknown; readonly came: unknown }): void {
    const place = `${drift.actor} ${drift.phase}`;
    if (this.#seen.has(place) && drift.kind !== 'end') return;
    this.#seen.add(place);
    this.all.push({ ...drift, ...(pair ? { difference: difference(pair.recorded, pair.came) } : {}) });
  }

  of(actor: string): boolean {
    return this.all.some((drift) => drift.actor === actor);
  }
}

/** `active.lifecycle.working.execution.thinking|…` is in the phase `execution`. */
export function phaseOf(state: string): string {
  const places = state.split('|')[0]!.split('.');
  return places.at(-2) ?? places[0] ?? '';
}

export const inWords = (drifts: readonly Drift[]): string =>
  drifts
    .map(({ actor, phase, seq, message, difference: lines }, index) => {
      const head = `${index + 1}. ${actor}${phase === '' ? '' : `, in "${phase}"`}, step ${seq}: ${message}`;
      return [head, ...(lines === undefined ? [] : lines.split('\n').map((line) => `     ${line}`))].join('\n');
    })
    .join('\n');
