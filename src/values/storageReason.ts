/** Why a journal could not be used, in two or three words: what a `storage` failure says in `data.reason`. */
import type { Failure } from './failure.ts';
import { propertiesOf } from './properties.ts';

/** `no space`, `locked`, `read-only`, …; undefined when the failure does not say. */
export function storageReasonOf({ data }: Pick<Failure, 'data'>): string | undefined {
  const { reason } = propertiesOf(data);
  return typeof reason === 'string' ? reason : undefined;
}
