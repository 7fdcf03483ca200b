/** What is said of a run that waits for its journal, and when it goes on. */
import type { Inspection } from '../contracts/inspection.ts';
import { propertiesOf } from '../values/properties.ts';
import { formatDuration } from './format.ts';

/** `stalled: no space`, or `goes on after 12 s`. */
export function stallText(event: Extract<Inspection, { type: 'stalled' | 'continued' }>): string {
  if (event.type === 'continued') return `goes on after ${formatDuration(event.at - event.since)}`;
  const { reason } = propertiesOf(event.failure.data);
  return `stalled: ${typeof reason === 'string' ? reason : event.failure.kind}`;
}
