/** What the server's refusals and silences mean to the caller of a store. */
import { JetStreamApiCodes, JetStreamApiError, RequestError } from '../../../nats/client.ts';
import { permissionError } from '../../../nats/permissionErrors.ts';
import { reasonOf } from '../../../values/cause.ts';
import { TroupeError } from '../../../values/failure.ts';

/** Another message is the last one of the subject; the second code comes from clusters, where one may be under way. */
const wrongLast: readonly number[] = [10_071, 10_164];
/** The message is larger than the stream allows. */
const messageTooLarge = 10_054;
/** The account, the server's memory or its disk has no more room, or the stream may not be larger. */
const noRoom: readonly number[] = [10_002, 10_023, 10_028, 10_047];
const storeFailed = 10_077;
/** The account may not have so many streams, or none without a limit of its own. */
const streamRefused: readonly number[] = [10_027, 10_113];
/** JetStream is there and not for this account; it is switched off. */
const noJetStream: readonly number[] = [10_039, 10_076];

const hasCode = (thrown: unknown, ...codes: readonly number[]): thrown is InstanceType<typeof JetStreamApiError> =>
  thrown instanceof JetStreamApiError && codes.includes(thrown.code);

/** Was it refused because another message is the last one? */
export const isRefused = (thrown: unknown): boolean => hasCode(thrown, ...wrongLast);
/** Was it refused because the stream's operator allows only smaller messages? */
export const isTooLarge = (thrown: unknown): boolean => hasCode(thrown, messageTooLarge);
/** Does the stream not exist? */
export const isMissing = (thrown: unknown): boolean => hasCode(thrown, JetStreamApiCodes.StreamNotFound);
/** Nobody listens there: the stream does not exist, or the server's JetStream is not ready. */
export const isUnheard = (thrown: unknown): boolean => thrown instanceof RequestError && thrown.isNoResponders();

/** May the account not have the stream? */
export const isStreamRefused = (thrown: unknown): boolean => hasCode(thrown, ...streamRefused);
/** Is JetStream there, and not for this account, or not now? */
export const isWithoutJetStream = (thrown: unknown): boolean => hasCode(thrown, ...noJetStream);
/** Is there no room now? */
export const hasNoRoom = (thrown: unknown): boolean =>
  hasCode(thrown, ...noRoom) ||
  (hasCode(thrown, storeFailed) && /maximum (bytes|messages)|no space/i.test(thrown.message));

/** An error that says what went wrong: `auth`, `environment` when the stream is gone, else `storage`. `what`: what the server did not do, as the end of a sentence. */
export function storeFailure(thrown: unknown, stream: string, what: string): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  const denied = permissionError(thrown);
  if (denied) return denied;
  if (isMissing(thrown)) return lostStream(stream, thrown);
  const reason = isUnheard(thrown) ? 'its JetStream does not answer' : reasonOf(thrown);
  return new TroupeError('storage', `The NATS server does not ${what} (${reason}).`, {
    cause: thrown,
    ...(hasNoRoom(thrown) ? { data: { reason: 'no space' } } : {}),
  });
}

/** The error for a stream that was there. */
export const lostStream = (stream: string, cause: unknown) =>
  new TroupeError(
    'environment',
    `The server has no stream ${stream} any more: its store was emptied, or another server stands in its place. What was committed to the shared journal is not there. Put the store back.`,
    { cause, data: { gone: true } },
  );
