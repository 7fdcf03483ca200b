/** The result of a run, from its outcome: a value, or an error that says why there is none. */
import { decodeValue } from '../flow/encode.ts';
import { fromFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { EndedOutcome } from './outcome.ts';
import { storedFailureError } from './retry.ts';

/** The outcome of a run that does not go on in this process. */
export type RestingOutcome = EndedOutcome | { readonly status: 'parked'; readonly failure?: Failure };

/** What the run gave: of a flow with its dates, maps and other values. Throws its failure, `cancelled`, or `owned_elsewhere`. `endedAt`: when it had ended, if it had before. */
export function resultOf(
  { id, endedAt }: { readonly id: string; readonly endedAt?: number },
  outcome: RestingOutcome,
): unknown {
  switch (outcome.status) {
    case 'done':
      return decodeValue({ json: outcome.output, ...(outcome.encoded ? { encoded: true } : {}) });
    case 'failed':
      throw endedAt === undefined ? fromFailure(outcome.failure) : storedFailureError(id, endedAt, outcome.failure);
    case 'cancelled':
      throw new TroupeError('cancelled', `The run ${id} was cancelled: ${outcome.reason}.`, {
        data: outcome.partial === undefined ? undefined : { partial: outcome.partial },
      });
    case 'parked':
      if (outcome.failure && outcome.failure.kind !== 'fenced') throw fromFailure(outcome.failure);
      throw new TroupeError(
        'owned_elsewhere',
        `Another process went on with the run ${id}. Ask there, or with "troupe runs get ${id}".`,
      );
  }
}
