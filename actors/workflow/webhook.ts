/** A webhook step: one request to another system, which has happened when the answer is 2xx. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { StepCommon } from '../../src/contracts/workflow/stepParts.ts';
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { StepEnd } from '../../src/contracts/workflow/step.ts';
import type { SecretSource } from '../../src/contracts/workflow/values.ts';
import type { WebhookInput } from '../../machines/workflow/effectTypes.ts';
import type { Egress } from '../../src/security/egress.ts';
import type { EgressResponse } from '../../src/security/shapes.ts';
import { signatureHeaders } from '../../src/security/signature.ts';
import { shownUrl } from '../../src/security/destination.ts';
import { toFailure, TroupeError } from '../../src/values/failure.ts';
import { judge } from '../../src/workflow/airlock/judge.ts';
import { redactFailure } from '../../src/workflow/expressions/redact.ts';
import { secretTexts, unseal } from '../../src/workflow/expressions/unseal.ts';
import { effect } from '../effect.ts';
import type { FatalFailure } from './fatalFailure.ts';
import { rulesOf } from './rules.ts';
import { brokenRequest, codeOfWebhook, refusedRequest } from './webhookFailure.ts';

/** What webhooks need. */
export interface WebhookDeps {
  /** Sends the requests. */
  readonly egress: Egress;
  /** The values of the secrets. */
  readonly secrets: SecretSource;
  /** What the output of a step must fit. */
  step(id: string): Pick<StepCommon, 'schema' | 'confidenceThreshold'>;
}

/** What a webhook needs of the effect, or of the item of a fan-out, that sends it. */
export type WebhookScope = Pick<EffectScope, 'key' | 'signal' | 'deadline' | 'clock' | 'onCall'>;

/** The effect of a webhook step. It is sent once: whether it is sent again after a failure is for the step to say, and for a retry of the run. */
export const webhook = (deps: WebhookDeps, failureIn: FatalFailure = () => undefined) =>
  effect<StepEnd, WebhookInput>(
    (input, scope) => sendWebhook(deps, input, { ...scope, key: keyOfStep(input, scope) }),
    // Its place in time changes nothing: the same request of the same step is the same webhook.
    { kind: 'write', idempotent: ({ idempotent }) => idempotent, failureIn },
  );

/** All attempts of a step have one key, so that the receiver knows the request again: an attempt that failed may have arrived. */
const keyOfStep = ({ step }: WebhookInput, { key }: Pick<EffectScope, 'key'>): string =>
  `${key.split('/').slice(0, -2).join('/')}/webhook/${encodeURIComponent(step)}`;

/** Sends it under `scope.key`, and judges the answer. Rejects only when it is stopped. No secret is in what it gives. */
export async function sendWebhook(deps: WebhookDeps, input: WebhookInput, scope: WebhookScope): Promise<StepEnd> {
  const { secrets, step } = deps;
  const begun = scope.clock.now();
  const metrics = () => ({ ...noMetrics, duration_ms: scope.clock.now() - begun });
  try {
    const { status } = await answerOf(deps, input, scope);
    return judge({ sent: true, status_code: status }, { ...rulesOf(step(input.step)), metrics: metrics() });
  } catch (thrown) {
    if (scope.signal.aborted) throw thrown;
    const failure = redactFailure(toFailure(thrown), secretTexts(input.request, secrets));
    return { status: 'failed', code: codeOfWebhook(failure), failure, metrics: metrics() };
  }
}

/** The answer, if it is 2xx. */
async function answerOf(deps: WebhookDeps, input: WebhookInput, scope: WebhookScope): Promise<EgressResponse> {
  const { clock, deadline = Infinity, key, signal } = scope;
  const { idempotent } = input;
  const { url, method, headers, body, sign } = unseal(input.request, deps.secrets);
  const shown = shownUrl(url);
  const name = `webhook ${method.toUpperCase()}`;
  const timeout = Math.min(input.timeout, deadline - clock.now());
  if (timeout <= 0) throw new TroupeError('expired', `${name} was not sent: the deadline of its workflow has passed.`);
  // As it is stored: without secrets.
  scope.onCall?.({ tool: `webhook ${input.step}`, isWrite: true, input: input.request.value.body, key });
  const text = JSON.stringify(body);
  const request = {
    url,
    method,
    headers: {
      ...withUsualHeaders(headers, { 'content-type': 'application/json', 'idempotency-key': key }),
      ...(sign === undefined ? {} : signatureHeaders({ id: key, at: clock.now(), body: text, secret: sign ?? '' })),
    },
    body: text,
  };
  const response = await deps.egress
    .request({ ...request, timeout, signal, discard: true })
    .catch((thrown: unknown) => Promise.reject(brokenRequest(toFailure(thrown), { name, shown, idempotent, key })));
  if (response.status >= 200 && response.status < 300) return response;
  throw refusedRequest(response, { name, shown, idempotent, now: clock.now() });
}

/** A header of the step replaces the default of the same name. */
function withUsualHeaders(headers: Readonly<Record<string, string>>, defaults: Readonly<Record<string, string>>) {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !given.has(name))), ...headers };
}
