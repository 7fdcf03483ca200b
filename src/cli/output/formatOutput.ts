/** Turns the outcome of a run into what is printed, and says whether any of its tasks failed. */
import { viewOfStored } from '../../flow/jsonView.ts';
import type { Json } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import type { RunOutcome } from '../../runtime/runtime.ts';
import type { LoadedDefinition } from '../loadedDefinition.ts';

/** An outcome in the form in which it is printed. */
export type FormattedOutcome = RunOutcome & {
  /** The results of tasks, each with its own status: printed however the run ended. */
  readonly results?: Json;
  /** Did a task fail? Only for an orchestration that is done. */
  readonly anyFailed?: boolean;
};

/** The outcome with its output, or its partial output, in the form that the loaded file asks for; dates and other values of a flow as plain JSON. */
export function formatOutcome(
  { subject, formatOutput = (output) => output }: Pick<LoadedDefinition, 'subject' | 'formatOutput'>,
  run: string,
  outcome: RunOutcome,
): FormattedOutcome {
  const isTasks = subject.kind === 'orchestrator';
  if (outcome.status === 'done') {
    const { encoded, ...rest } = outcome;
    const plain = viewOfStored({ json: outcome.output, ...(encoded ? { encoded } : {}) });
    const output = formatOutput(plain, run);
    return { ...rest, output, ...(isTasks ? { anyFailed: anyFailed(output) } : {}) };
  }
  if (!('partial' in outcome) || outcome.partial === undefined) return outcome;
  const partial = formatOutput(outcome.partial, run);
  return { ...outcome, partial, ...(isTasks ? { results: partial } : {}) };
}

const anyFailed = (output: Json): boolean => [output].flat().some((each) => propertiesOf(each)['success'] === false);
