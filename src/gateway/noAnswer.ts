/** The failure of a call of models that gave no answer. */
import type { FailedAttempts, ModelChoice } from '../contracts/model.ts';
import { TroupeError, type Failure } from '../values/failure.ts';
import { asJson, isJsonObject, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** A failed attempt. */
export interface FailedModel {
  /** The name of the model. */
  readonly model: string;
  readonly failure: Failure;
}

/** The failure, with what the attempts that led to it have used. */
export const withBill = (
  { kind, message, retryable, data }: Failure,
  failed: FailedAttempts | undefined,
): TroupeError =>
  new TroupeError(kind, message, {
    retryable,
    data: { ...(isJsonObject(data) ? data : {}), ...(failed ? { ...failed, usage: asJson(failed.usage) } : {}) },
  });

/** The failure after the last attempt, with what all have used. */
export function noAnswer(
  choice: ModelChoice,
  failures: readonly FailedModel[],
  failed: FailedAttempts | undefined,
): TroupeError {
  const last = failures.at(-1)?.failure;
  if (!last)
    return new TroupeError(
      'definition',
      `No model was named: expected "provider:model", a group, a model object, or a list of them; got ${JSON.stringify(choice)}.`,
    );
  const names = new Set(failures.map(({ model }) => model));
  const message =
    names.size === 1
      ? last.message
      : `No model answered. ${[...names].map((name) => `${name}: ${failures.findLast(({ model }) => model === name)?.failure.message ?? ''}`).join(' ')}`;
  return new TroupeError(last.kind, message, {
    retryable: last.retryable,
    retryAfter: last.retryAfter,
    data: {
      models: [...names],
      tries: failures.length,
      ...reasonsOf(last),
      ...goneOf(failures),
      ...(failed ? { ...failed, usage: asJson(failed.usage) } : {}),
    },
  });
}

/** What programs tell failures apart by. */
const reasonsOf = ({ data }: Failure): JsonObject => {
  const { code, noCredit, secret } = propertiesOf(data);
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(noCredit === true ? { noCredit } : {}),
    ...(typeof secret === 'string' ? { secret } : {}),
  };
};

/** Whether the same request would fail in the same way: only when it did so with every model. */
const goneOf = (failures: readonly { failure: Failure }[]): { gone?: true } =>
  failures.every(({ failure }) => propertiesOf(failure.data).gone === true) ? { gone: true } : {};
