/** The differences between a replay and its recording: the first one of each phase of each actor, in the order they appeared. */
import { difference } from '../difference.ts';

/** One difference. */
export interface Drift {
  /**
   * `input`: an effect was asked for with another input. `unrecorded`: an effect was asked for that is not in the recording. `unasked`: a
   * recorded effect was never asked for. `outcome`: a pure effect, such as a team's route, has another outcome. `path`: an event led to another
   * state. `unheard`: a message from outside was not accepted. `tool`: a tool that was called is not there
   * any more, or is another one. `definition`: an agent has other instructions, models or more tools. `end`: the run ended in another way.
   */
  readonly kind: 'input' | 'unrecorded' | 'unasked' | 'outcome' | 'path' | 'unheard' | 'tool' | 'definition' | 'end';
  /** The address of the actor. */
  readonly actor: string;
  /** The parent of the innermost state, such as `execution`; for a machine without nested states, the state itself. */
  readonly phase: string;
  /** The number of the actor's last step before the difference. */
  readonly seq: number;
  /** What differs, in a sentence. */
  readonly message: string;
  /** The difference line by line: `-` marks what was recorded, `+` what came now. */
  readonly difference?: string;
}

/** Collects differences. */
export class DriftLog {
  /** Every difference that was kept, in order. */
  readonly all: Drift[] = [];
  readonly #seen = new Set<string>();

  /** Keeps a difference when it is the first of its actor's phase. `pair`: what was recorded and what came now. */
  add(drift: Omit<Drift, 'difference'>, pair?: { readonly recorded: unknown; readonly came: unknown }): void {
    const place = `${drift.actor} ${drift.phase}`;
    if (this.#seen.has(place) && drift.kind !== 'end') return;
    this.#seen.add(place);
    this.all.push({ ...drift, ...(pair ? { difference: difference(pair.recorded, pair.came) } : {}) });
  }

  /** Has this actor a difference? */
  of(actor: string): boolean {
    return this.all.some((drift) => drift.actor === actor);
  }
}

/** `active.lifecycle.working.execution.thinking|…` is in the phase `execution`. */
export function phaseOf(state: string): string {
  const [region = ''] = state.split('|');
  const names = region.split('.');
  return names.at(-2) ?? names[0] ?? '';
}

/** The differences as numbered lines of text. */
export const driftText = (drifts: readonly Drift[]): string =>
  drifts
    .map(({ actor, phase, seq, message, difference: lines }, index) => {
      const head = `${index + 1}. ${actor}${phase === '' ? '' : `, in "${phase}"`}, step ${seq}: ${message}`;
      return [head, ...(lines === undefined ? [] : lines.split('\n').map((line) => `     ${line}`))].join('\n');
    })
    .join('\n');
