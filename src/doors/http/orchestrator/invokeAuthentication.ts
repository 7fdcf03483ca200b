/** Who may invoke a workflow: a secret in a header, as the file of the workflow says. */
import { sameSecret } from '../base/secretText.ts';
import { jsonReply, type HttpReply } from '../base/reply.ts';
import type { InvocableWorkflow } from './service.ts';

/** The answer to an invocation that is refused; undefined when it is allowed. */
export function refusedInvocation({ auth, variable }: InvocableWorkflow, headers: Headers): HttpReply | undefined {
  if (!auth) return undefined;
  const { scheme } = auth;
  if (scheme !== 'bearer' && scheme !== 'raw')
    return misconfigured('invoke.auth.scheme of the workflow must be bearer or raw');
  const secret = secretOf(auth.secret, variable);
  if ('problem' in secret) return misconfigured(secret.problem);
  const given = credentialIn(headers.get(auth.header), scheme);
  return given !== undefined && sameSecret(given, secret.value) ? undefined : unauthorized();
}

/** The answer to a request without the right secret. */
export const unauthorized = (): HttpReply => jsonReply(401, { error: 'unauthorized' });

const misconfigured = (message: string) => jsonReply(500, { error: 'server misconfiguration', message });

const bearerPrefix = 'Bearer ';

/** The word `Bearer` is taken as it is written, in this contract. */
function credentialIn(header: string | null, scheme: 'bearer' | 'raw'): string | undefined {
  if (header === null) return undefined;
  if (scheme === 'raw') return header;
  return header.startsWith(bearerPrefix) ? header.slice(bearerPrefix.length) : undefined;
}

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
