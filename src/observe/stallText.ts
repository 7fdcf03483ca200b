/** What is said of a run that waits for its journal, and when it goes on. */
import type { Inspection } from '../contracts/inspection.ts';
import { storageReasonOf } from '../values/storageReason.ts';
import { formatDuration } from './format.ts';

/** `stalled: no space`, or `goes on after 12 s`. */
export function stallText(event: Extract<Inspection, { type: 'stalled' | 'continued' }>): string {
  if (event.type === 'continued') return `goes on after ${formatDuration(event.at - event.since)}`;
  return `stalled: ${storageReasonOf(event.failure) ?? event.failure.kind}`;
}
