/** Who may invoke a workflow: the sender shows a secret in a header, or signs the request with it, as the file of the workflow says. */
import { isDigest, isSigned } from '../../../security/signature.ts';
import { sameSecret } from '../base/secretText.ts';
import { jsonReply, type HttpReply } from '../base/reply.ts';
import type { InvocableWorkflow } from './service.ts';

/** The invocation, as it came. */
export interface Invocation {
  readonly headers: Headers;
  /** The exact bytes of the body, for those who sign it. */
  bytes(): Promise<Uint8Array>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The answer to an invocation that is refused; undefined when it is allowed. */
export async function refusedInvocation(
  { auth, variable }: InvocableWorkflow,
  invocation: Invocation,
): Promise<HttpReply | undefined> {
  if (!auth) return undefined;
  // What every object has by itself is no scheme.
  const shows = Object.hasOwn(schemes, auth.scheme) ? schemes[auth.scheme] : undefined;
  if (!shows) return misconfigured(`invoke.auth.scheme of the workflow must be ${Object.keys(schemes).join(', ')}`);
  const secret = secretOf(auth.secret, variable);
  if ('problem' in secret) return misconfigured(secret.problem);
  return (await shows(auth.header, secret.value, invocation)) ? undefined : unauthorized();
}

/** Whether an invocation shows that its sender knows the secret. */
type Scheme = (header: string, secret: string, invocation: Invocation) => boolean | Promise<boolean>;

const bearerPrefix = 'Bearer ';

const schemes: Readonly<Record<string, Scheme>> = {
  // The word is taken as it is written, in this contract.
  bearer(header, secret, { headers }) {
    const given = headers.get(header);
    return given?.startsWith(bearerPrefix) === true && sameSecret(given.slice(bearerPrefix.length), secret);
  },
  raw(header, secret, { headers }) {
    const given = headers.get(header);
    return given !== null && sameSecret(given, secret);
  },
  async 'hmac-sha256'(header, secret, { headers, bytes }) {
    const given = headers.get(header);
    return given !== null && isDigest(given, await bytes(), secret);
  },
  async 'standard-webhooks'(_, secret, { headers, bytes, now }) {
    return headers.has('webhook-signature') && isSigned(headers, await bytes(), { secret, now });
  },
};

/** The answer to a request without the right secret. */
export const unauthorized = (): HttpReply => jsonReply(401, { error: 'unauthorized' });

const misconfigured = (message: string) => jsonReply(500, { error: 'server misconfiguration', message });

/** The secret that a text means. Names of variables may be shown, values never. */
function secretOf(
  written: string,
  variable: (name: string) => string | undefined,
): { readonly value: string } | { readonly problem: string } {
  const text = written.trim();
  const name = /^env:(.+)$/.exec(text)?.[1] ?? /^\{\{\s*env\.([\w-]+)\s*\}\}$/.exec(text)?.[1];
  if (name !== undefined) {
    const value = variable(name);
    return value === undefined || value === '' ? { problem: `the environment variable ${name} is not set` } : { value };
  }
  if (text.startsWith('param:') || text.includes('{{'))
    return { problem: 'invoke.auth.secret of the workflow can only be a variable of the environment or a literal' };
  const literal = /^`(.*)`$/s.exec(text)?.[1] ?? written;
  return literal === '' ? { problem: 'invoke.auth.secret of the workflow is empty' } : { value: literal };
}
