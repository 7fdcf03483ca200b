/** How what a run gave is printed, and whether its tasks went well. */
import type { Json } from '../contracts/json.ts';
import type { RunOutcome } from '../runtime.ts';
import type { Loaded } from './load.ts';

export type Shown = RunOutcome & {
  /** Results of tasks, which say themselves that they failed: printed however the run ended. */
  readonly results?: Json;
  readonly anyFailed?: boolean;
};

/** The outcome with its output, or the part of it there is, in the form that the loaded file is known for. */
export function shownOf(
  { subject, show = (output) => output }: Pick<Loaded, 'subject' | 'show'>,
  run: string,
  outcome: RunOutcome,
): Shown {
  const isTasks = subject.kind === 'orchestrator';
  if (outcome.status === 'done') {
    const output = show(outcome.output, run);
    return { ...outcome, output, ...(isTasks ? { anyFailed: anyFailed(output) } : {}) };
  }
  if (!('partial' in outcome) || outcome.partial === undefined) return outcome;
  const partial = show(outcome.partial, run);
  return { ...outcome, partial, ...(isTasks ? { results: partial } : {}) };
}

const anyFailed = (output: Json): boolean =>
  [output].flat().some((each) => (each as { success?: Json } | null)?.success === false);
