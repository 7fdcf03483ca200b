/** The writes of a flow of which nobody knows whether they happened: they were begun, and have no end that says so. */
import type { FlowRecord } from '../contracts/flow/record.ts';
import { isUncertain } from './recordBook.ts';

/** By the ids of the calls, their idempotency keys, in the order in which they began. Of a flow that is at work these are also those under way. */
export function unsettledCalls(records: readonly FlowRecord[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const record of records) {
    if (record.record === 'begun' && record.key !== undefined) keys.set(record.id, record.key);
    // An attempt that has thrown by itself has not happened.
    if (record.record === 'attempt' || (record.record === 'call' && !isUncertain(record))) keys.delete(record.id);
  }
  return keys;
}
