/** Makes a failure with a meaning of whatever ended a request. */
import { networkKind } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import type { RequestProgress } from './progress.ts';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was dropped',
  EPIPE: 'the connection was dropped',
  ENOTFOUND: 'its host was not found',
  EAI_AGAIN: 'its host could not be looked up',
  ETIMEDOUT: 'the connection took too long',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  HPE_HEADER_OVERFLOW: 'the headers of its response are too large',
};

/** The failure, with `sent` in its data. The message of a foreign error is not passed on: it could show what was sent. */
export function requestError(thrown: unknown, { destination, sent }: RequestProgress): TroupeError {
  if (thrown instanceof TroupeError) {
    const { kind, message, retryable, retryAfter } = thrown;
    return new TroupeError(kind, message, { retryable, retryAfter, data: { sent } });
  }
  const code = codeOf(thrown);
  const why = reasons[code] ?? (code.startsWith('HPE_') ? 'its response is not HTTP' : 'the connection failed');
  const where = destination?.shown ?? 'The other side';
  return new TroupeError(networkKind(thrown) ?? 'environment', `${where}: ${why}${code === '' ? '' : ` (${code})`}.`, {
    data: { sent },
  });
}

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
