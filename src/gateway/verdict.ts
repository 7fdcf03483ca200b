/**
 * Judges how an answer of a provider ended, and what an error of a provider means: in one place, for every provider.
 *
 * V1 An answer is complete only when the provider said why it stopped. An answer that ends without a reason, in the middle of a call or in an error
 *    is cut off: it is asked for anew, and nothing of it is used.
 * V2 A status of 200 says nothing of what comes after it: an error in the body counts as what it says, and as cut off when it says nothing.
 * V3 Only what the provider itself refused is not tried again.
 */
import type { FinishReason } from '../contracts/model.ts';
import type { FailureKind } from '../values/failure.ts';

/** What became of one attempt at a model. */
export type Verdict =
  /** The whole answer is here. */
  | { readonly is: 'complete'; readonly reason: FinishReason }
  /** The answer, or the connection before it, broke off. */
  | { readonly is: 'cut off' }
  /** The provider cannot answer now. */
  | { readonly is: 'busy' }
  /** The provider does not take this request. */
  | { readonly is: 'refused'; readonly kind: Extract<FailureKind, 'auth' | 'invalid' | 'model'> };

const cutOff: Verdict = { is: 'cut off' };
const busy: Verdict = { is: 'busy' };
const refused = (kind: 'auth' | 'invalid' | 'model'): Verdict => ({ is: 'refused', kind });

/** The end of a stream, as the AI SDK tells it. */
export interface AnswerEnd {
  /** The reason in the words of the SDK. */
  readonly unified: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';
  /** The reason in the provider's own words; undefined when it gave none. */
  readonly raw?: string | undefined;
  /** How many calls were begun and not ended. */
  readonly openCalls?: number;
}

/** Reasons that the SDK does not know or tells as `other`, in lower case. */
const reasonsByWord: Readonly<Record<string, FinishReason | 'cut off'>> = {
  max_tokens: 'length',
  max_output_tokens: 'length',
  max_length: 'length',
  model_length: 'length',
  token_limit: 'length',
  model_context_window_exceeded: 'length',
  // Claude stopped in the middle of what its own tools do, or to make room.
  pause_turn: 'length',
  compaction: 'length',
  refusal: 'refused',
  safety: 'refused',
  sensitive: 'refused',
  language: 'refused',
  model_armor: 'refused',
  guardrail_intervened: 'refused',
  content_filtered: 'refused',
  content_policy_violation: 'refused',
  '': 'cut off',
  null: 'cut off',
  other: 'cut off',
  error: 'cut off',
  abort: 'cut off',
  aborted: 'cut off',
  cancelled: 'cut off',
  canceled: 'cut off',
  timeout: 'cut off',
  network_error: 'cut off',
  engine_overloaded: 'cut off',
  insufficient_system_resource: 'cut off',
  finish_reason_unspecified: 'cut off',
  malformed_function_call: 'cut off',
  malformed_response: 'cut off',
  unexpected_tool_call: 'cut off',
  too_many_tool_calls: 'cut off',
  missing_thought_signature: 'cut off',
  no_image: 'cut off',
  image_other: 'cut off',
};

const reasonsBySdk = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'refused',
  'tool-calls': 'calls',
  error: 'cut off',
  other: 'other',
} as const;

/** Whether the answer that ends like this is complete. */
export function verdictOnEnd({ unified, raw, openCalls = 0 }: AnswerEnd): Verdict {
  // The Responses API names a reason only for an incomplete answer; the SDK says `other` when nothing was said at all.
  if (unified === 'other' && raw === undefined) return cutOff;
  const word = raw?.trim().toLowerCase();
  const said = word !== undefined && Object.hasOwn(reasonsByWord, word) ? reasonsByWord[word] : undefined;
  const reason = said ?? reasonsBySdk[unified];
  if (reason === 'cut off') return cutOff;
  const mayEndInCall = reason === 'length' || reason === 'refused';
  return openCalls > 0 && !mayEndInCall ? cutOff : { is: 'complete', reason };
}

/** What is known of an error of a provider. */
export interface ProviderFault {
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The types and codes that the body of the error names. */
  readonly codes: readonly string[];
  /** Whether the words of the error say that the request is too long. */
  readonly tooLong: boolean;
}

/** Codes of errors, in lower case, from the most telling to the least. */
const verdictsByCode: readonly (readonly [RegExp, Verdict])[] = [
  [/context_length|request_too_large|string_above_max_length/, refused('model')],
  [/^content_filter$|content_policy|responsibleaipolicy/, refused('model')],
  // More calls do not bring credit back.
  [/insufficient_quota|insufficient_balance|billing|payment_required|credit/, refused('auth')],
  [/invalid_api_key|authentication|unauthenticated|permission|account_deactivated|unauthorized/, refused('auth')],
  [/overloaded|rate_?limit|resource_?exhausted|too_many_requests|unavailable|server_error|timeout|deadline/, busy],
  [/^(api_error|internal|internal_error|response\.failed)$/, busy],
];
/** Codes that many providers send with every error: they count only where the status says nothing. */
const vagueCodes = /invalid_request|invalid_argument|invalid_prompt|not_found|bad_request|failed_precondition/;

/** The verdict on an error: by its code where that tells more than the status, else by the status. */
export function verdictOnError({ status, codes, tooLong }: ProviderFault): Verdict {
  if (tooLong) return refused('model');
  const words = codes.map((code) => code.trim().toLowerCase());
  const byCode = verdictsByCode.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
  const byStatus = status === undefined || status < 300 ? undefined : verdictOnStatus(status);
  // A refusal is not softened by a code that many servers send with any error; a limit that was reached is one, whatever the status.
  const isVague =
    byCode?.is === 'busy' && byStatus?.is === 'refused' && !words.some((word) => /rate_?limit/.test(word));
  if (byCode && !isVague) return byCode;
  // The SDK gives status 500 to errors inside a stream that has begun with 200.
  if ((byStatus === undefined || status === 500) && words.some((word) => vagueCodes.test(word)))
    return refused('invalid');
  const numbered = words.map(Number).find((code) => code >= 400 && code < 600);
  return byStatus ?? (numbered === undefined ? cutOff : verdictOnStatus(numbered));
}

/** What an HTTP status of a provider means. */
export function verdictOnStatus(status: number): Verdict {
  if (status < 300) return cutOff;
  // 402: the account has no credit.
  if (status === 401 || status === 402 || status === 403) return refused('auth');
  if (status === 413) return refused('model');
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) return busy;
  return refused('invalid');
}

/** The kind of failure that a verdict leads to. */
export const kindOfVerdict = (verdict: Verdict): FailureKind => (verdict.is === 'refused' ? verdict.kind : 'transient');
