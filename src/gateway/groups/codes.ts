/** The error codes of the gateway's HTTP contract: every failure of a group has one in `data.code`. */
import { toFailure, TroupeError, type FailureKind } from '../../values/failure.ts';
import { isJsonObject, type JsonObject } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';

/** The HTTP status of each code. */
export const gatewayStatuses = {
  invalid_request: 400,
  unknown_group: 400,
  budget_exceeded: 402,
  invalid_model_config: 500,
  provider_not_registered: 500,
  internal_error: 500,
  provider_error: 502,
  no_models_available: 503,
} as const satisfies Record<string, number>;

/** Why a group gave no answer. */
export type GatewayErrorCode = keyof typeof gatewayStatuses;

const isCode = (code: unknown): code is GatewayErrorCode =>
  typeof code === 'string' && Object.hasOwn(gatewayStatuses, code);

/** The code in the data of a failure; undefined when there is none. */
export function gatewayCodeIn(data: unknown): GatewayErrorCode | undefined {
  const { code } = propertiesOf(data);
  return isCode(code) ? code : undefined;
}

/** A failure with its code. It is not retryable, unless the kind says so. */
export const gatewayError = (
  code: GatewayErrorCode,
  kind: FailureKind,
  message: string,
  data: JsonObject = {},
): TroupeError => new TroupeError(kind, message, { data: { ...data, code } });

/** Failures that say what became of the caller, not of the gateway. */
const ofCaller: readonly FailureKind[] = ['cancelled', 'expired'];
const ofProvider: readonly FailureKind[] = ['transient', 'timeout', 'auth', 'model', 'invalid', 'environment'];

/** The failure with its code in `data.code`. One that was cancelled or has expired has none. */
export function withGatewayCode(thrown: unknown): TroupeError {
  const { kind, message, retryable, retryAfter, data } = toFailure(thrown);
  const facts = isJsonObject(data) ? data : {};
  const code =
    gatewayCodeIn(data) ??
    (propertiesOf(data).noCredit === true
      ? 'budget_exceeded'
      : ofProvider.includes(kind)
        ? 'provider_error'
        : 'internal_error');
  return new TroupeError(kind, message, {
    retryable,
    retryAfter,
    data: ofCaller.includes(kind) ? facts : { ...facts, code },
    ...(thrown instanceof Error ? { cause: thrown.cause } : {}),
  });
}

/** An answer of the gateway that is an error. */
export interface GatewayProblem {
  /** The HTTP status. */
  readonly status: number;
  readonly body: { readonly error: GatewayErrorCode; readonly message: string; readonly retryable: boolean };
}

/** What a caller over HTTP is told of a failure. */
export function gatewayProblem(thrown: unknown): GatewayProblem {
  const { message, retryable, data } = withGatewayCode(thrown);
  const error = gatewayCodeIn(data) ?? 'internal_error';
  return { status: gatewayStatuses[error], body: { error, message, retryable } };
}
