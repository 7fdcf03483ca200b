/**
 * The client of NATS: what is used of packages that are not installed with Troupe. The names have their values once `loadNatsClient` has resolved, as it has behind `withNats` and `connectNats`.
 * No other file imports a value from these packages: a bundler that joins a program into one file moves such an import to the top of it, and the program would need them although it meets no server.
 */
import type * as JetStream from '@nats-io/jetstream';
import type * as Core from '@nats-io/transport-node';

export let connect: typeof Core.connect;
export let createInbox: typeof Core.createInbox;
export let credsAuthenticator: typeof Core.credsAuthenticator;
export let headers: typeof Core.headers;
export let MsgHdrsImpl: typeof Core.MsgHdrsImpl;
export let nkeyAuthenticator: typeof Core.nkeyAuthenticator;
export let nkeys: typeof Core.nkeys;
export let NoRespondersError: typeof Core.NoRespondersError;
export let PermissionViolationError: typeof Core.PermissionViolationError;
export let RequestError: typeof Core.RequestError;
export let TimeoutError: typeof Core.TimeoutError;

export let jetstreamClient: typeof JetStream.jetstream;
export let JetStreamApiCodes: typeof JetStream.JetStreamApiCodes;
export let JetStreamApiError: typeof JetStream.JetStreamApiError;
export let jetstreamManager: typeof JetStream.jetstreamManager;
export let StorageType: typeof JetStream.StorageType;

/** Loads the client. Rejects as `import()` does when a package is not installed. */
export async function loadNatsClient(): Promise<void> {
  const [core, stream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
  ({
    connect,
    createInbox,
    credsAuthenticator,
    headers,
    MsgHdrsImpl,
    nkeyAuthenticator,
    nkeys,
    NoRespondersError,
    PermissionViolationError,
    RequestError,
    TimeoutError,
  } = core);
  ({ jetstream: jetstreamClient, JetStreamApiCodes, JetStreamApiError, jetstreamManager, StorageType } = stream);
}
