/** What a run is given without an input. */
import type { Runnable } from '../define/runnable.ts';

/** Said with the refusal of a definition that needs one. */
export const inputHint = 'Give it an input with --input.';

/** An empty object; nothing for a flow whose input may be left out and that does not take an empty object. */
export function noInputOf(subject: Runnable): object | undefined {
  if (subject.kind !== 'flow') return {};
  try {
    subject.start({});
    return {};
  } catch {
    return takesNothing(subject) ? undefined : {};
  }
}

function takesNothing(subject: Extract<Runnable, { kind: 'flow' }>): boolean {
  try {
    subject.start(undefined);
    return true;
  } catch {
    return false;
  }
}
