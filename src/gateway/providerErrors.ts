/** Turns errors of providers into failures with a kind, without their keys. What an error means is judged in verdict.ts. */
import { TroupeError, type FailureKind } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import { cutText } from '../values/text.ts';
import { retryAfterOf } from '../values/retryAfter.ts';
import { contextOverflow } from './fitting/overflow.ts';
import type { Received } from './received.ts';
import { kindOfVerdict, verdictOnError, verdictOnStatus, type Verdict } from './verdict.ts';

/** The fields of the AI SDK's API errors; other errors have some of them or none. */
interface ApiError {
  readonly message?: unknown;
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  readonly code?: string | number;
  readonly cause?: { readonly code?: string | number; readonly message?: unknown };
  readonly name?: string;
  readonly data?: unknown;
}

/** What is known of an attempt beside its error. */
export interface AttemptFacts {
  /** Hides secrets in the text of the failure; changes nothing by default. */
  readonly mask?: (text: string) => string;
  /** What the provider sent. */
  readonly received?: Received | undefined;
  /** How many characters the model had written, calls included. */
  readonly written?: number;
}

/** The kind of failure that an HTTP status of a provider means. */
export const kindOfStatus = (status: number): FailureKind => kindOfVerdict(verdictOnStatus(status));

const advice: Partial<Record<FailureKind, string>> = {
  auth: 'Check the key, what it is allowed to use, and the credit of the account.',
  invalid: 'Check the name of the model, and what it was sent.',
  model: 'Send it less: a shorter history, fewer tools.',
};
const adviceOn = (verdict: Verdict, kind: FailureKind): string =>
  verdict.is === 'busy'
    ? 'The other side is busy or away.'
    : verdict.is === 'cut off'
      ? 'The answer is asked for anew; if this goes on, check the connection and the address.'
      : (advice[kind] ?? '');

/** What `fetch` says of an address that it does not take. */
const badAddress = /Failed to parse URL|URL that includes credentials|Invalid URL/i;
const noCredit = /credit (balance is too low|limit)|insufficient (balance|credit)/i;
const noCreditCodes = /insufficient_(quota|balance)|billing|payment_required/;

/** A TroupeError for anything that a provider's client throws. */
export function toProviderError(model: string, thrown: unknown, facts: AttemptFacts = {}): unknown {
  if (thrown instanceof TroupeError) return thrown;
  const told = errorInEvent(thrown);
  if (told !== undefined) return toProviderError(model, told, facts);
  const { received, written = 0 } = facts;
  const mask = maskOf(facts);
  // Any value can be thrown: every field may be missing.
  const error = (thrown ?? {}) as ApiError;
  const { statusCode, responseHeaders = {} } = error;
  const responseBody = typeof error.responseBody === 'string' ? error.responseBody : '';
  const insteadOfStream = written === 0 ? insteadOf(received, mask) : undefined;
  // Masked before anything is cut: half a secret would not be recognized.
  const said = insteadOfStream?.says ?? mask(wordsOf(thrown));
  const codes = codesIn([
    thrown,
    thrown instanceof TypeError && badAddress.test(said) ? { code: 'invalid_request' } : {},
    parsedOrNothing(responseBody),
    insteadOfStream?.body,
  ]);
  const overflow = contextOverflow([said, responseBody, ...codes].join('; '), statusCode);
  const saysNoCredit = noCredit.test(`${said} ${responseBody}`);
  const verdict = verdictOnError({
    status: statusCode,
    codes: saysNoCredit ? [...codes, 'billing'] : codes,
    tooLong: overflow !== undefined,
  });
  const kind = kindOfVerdict(verdict);
  const what =
    verdict.is === 'cut off' && (statusCode !== undefined || received !== undefined)
      ? 'the answer broke off before its end'
      : statusCode === undefined
        ? // An error inside a stream has no status, but a code.
          String(error.code ?? error.cause?.code ?? codes[0] ?? error.name ?? 'no answer')
        : `status ${statusCode}`;
  const retryAfter = kind === 'transient' ? (retryAfterOf(responseHeaders) ?? retryDelayIn(responseBody)) : undefined;
  return new TroupeError(
    kind,
    `${model} failed (${what}): ${cutText(said, 500)}. ${adviceOn(verdict, kind)}`.replace(/\.\.(?= )/g, '.').trim(),
    {
      ...(retryAfter === undefined ? {} : { retryAfter }),
      data: {
        model,
        // The status of an answer that broke off says that it had begun well: it would mislead.
        ...(statusCode === undefined || statusCode < 300 ? {} : { status: statusCode }),
        ...(written > 0 ? { written } : {}),
        ...(isUnreached(error) ? { sent: false } : {}),
        // The account has nothing left: another key of the same account does not help.
        ...(kind === 'auth' && (saysNoCredit || statusCode === 402 || codes.some((code) => noCreditCodes.test(code)))
          ? { noCredit: true }
          : {}),
        // The same request is as long the next time.
        ...(overflow ? { overflow: { ...overflow }, gone: true } : {}),
      },
    },
  );
}

/** The error of a provider in an event that its client could not read: what it says counts, and not that it has another form. */
function errorInEvent(thrown: unknown): unknown {
  const { name, value } = propertiesOf(thrown);
  const { error, object } = propertiesOf(value);
  const isError = (error !== undefined && error !== null) || object === 'error';
  return name === 'AI_TypeValidationError' && isError ? value : undefined;
}

/** Keeps what is a plain word, as in "Bearer authentication is required": no key is one. */
const hidden = (all: string, before: string, value: string): string =>
  /^[A-Z]?[a-z]+\.?$/.test(value) ? all : `${before}[redacted]`;

/** Hides the known secrets, and what is secret in any address or header, such as that of a model object made elsewhere. */
const maskOf =
  ({ mask = (text) => text }: AttemptFacts) =>
  (text: string): string =>
    mask(text)
      .replace(/\b((?:Bearer|Basic)\s+)([\w.~+/=-]{8,})/gi, hidden)
      .replace(/\b((?:x-)?(?:goog-)?api-key\\?"?\s*[:=]\s*\\?"?)([\w.~+/=-]{8,})/gi, hidden)
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"]*@/gi, '$1[redacted]@')
      .replace(/([?&][\w-]*(?:key|token|secret|password|sig)[\w-]*=)[^&\s"']+/gi, '$1[redacted]');

/** The request was not sent: there was no connection. */
const isUnreached = ({ code, cause }: ApiError): boolean =>
  [code, cause?.code].some(
    (each) =>
      typeof each === 'string' &&
      /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(each),
  );

/** The failure of an answer that ended and is not complete; `why` says in what way. */
export function brokenOff(model: string, why: string, facts: AttemptFacts): unknown {
  const { received, written = 0 } = facts;
  const instead = written === 0 ? insteadOf(received, maskOf(facts)) : undefined;
  // A body of another form may hold an error after all.
  if (instead?.body !== undefined) return toProviderError(model, instead.body, facts);
  return new TroupeError(
    'transient',
    `The answer of ${model} broke off before its end: ${instead?.says ?? why}. ${adviceOn({ is: 'cut off' }, 'transient')}`,
    { data: { model, ...(written > 0 ? { written } : {}) } },
  );
}

/** What came instead of a stream of events: a page of a proxy, an error with status 200, an answer that is not streamed, nothing at all. */
function insteadOf(
  received: Received | undefined,
  mask: (text: string) => string,
): { says: string; body?: object } | undefined {
  if (!received) return undefined;
  const head = received.head.trim();
  if (head === '') return { says: 'status 200 came with an empty body' };
  const body = parsedOrNothing(head);
  const error = body && 'error' in body && body.error;
  if (body && error) return { says: mask(wordsOf(error)), body };
  if (/^(data|event|id|retry|:)/m.test(head)) return undefined;
  const type = received.type === '' ? 'something else' : received.type;
  return { says: `${type} came instead of a stream of events: ${JSON.stringify(mask(head).slice(0, 120))}` };
}

function wordsOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message, cause, error } = thrown as ApiError & { error?: unknown };
  const words = [message, cause?.message].filter((text) => typeof text === 'string' && text !== '');
  if (words.length > 0) return words.join(': ');
  if (error !== undefined && error !== null) return wordsOf(error);
  return JSON.stringify(thrown).slice(0, 500);
}

/** Every type, code, status and reason that the body of an error names. */
function codesIn(sources: readonly unknown[]): string[] {
  const found: string[] = [];
  const visit = (part: unknown, depth: number): void => {
    if (typeof part !== 'object' || part === null || depth > 4) return;
    for (const [key, value] of Object.entries(part)) {
      if (/^(type|code|status|reason)$/.test(key) && (typeof value === 'string' || typeof value === 'number'))
        found.push(String(value));
      // Only what the provider said: a request that came along would be searched as well.
      else if (/^(error|data|response|details|\d+)$/.test(key)) visit(value, depth + 1);
    }
  };
  for (const source of sources) visit(source, 0);
  return found;
}

function parsedOrNothing(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Google names the pause in the body. */
function retryDelayIn(body: string): number | undefined {
  const [, seconds] = /"retryDelay":\s*"([\d.]+)s"/.exec(body) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
