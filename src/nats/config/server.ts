/** The part of a server's configuration that is its owner's: where it listens, with what certificate, where it keeps things. */
import { TroupeError } from '../../contracts/failure.ts';
import { isLoopback } from '../exposure.ts';

export interface ServerOptions {
  /** `host:port`; 127.0.0.1:4222 unless told otherwise. */
  readonly listen?: string;
  /** Paths of its certificate and key. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** The folder of its streams. */
  readonly store: string;
  /** Listen where others can reach it without TLS. */
  readonly insecure?: boolean;
}

/** The text of `nats.conf`. Throws `invalid` for a place that others can reach without TLS. */
export function serverConf({ listen = '127.0.0.1:4222', tls, store, insecure = false }: ServerOptions): string {
  if (!/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):(-1|\d{1,5})$/.test(listen))
    throw new TroupeError('invalid', `A server listens at HOST:PORT, such as 0.0.0.0:4222; got "${listen}".`);
  if (!tls && !insecure && !isLoopback(listen))
    throw new TroupeError(
      'invalid',
      `At ${listen} others could reach this server, and without TLS read and change what is said. Give it a certificate (--tls CERT,KEY), listen at 127.0.0.1, or say --insecure when nobody else is on that network.`,
    );
  const quoted = JSON.stringify;
  const certificate = tls
    ? `tls {\n  cert_file: ${quoted(tls.cert)}\n  key_file: ${quoted(tls.key)}\n${tls.ca === undefined ? '' : `  ca_file: ${quoted(tls.ca)}\n  verify: true # Clients show a certificate that this authority signed.\n`}}\n`
    : '';
  return `# Written once by "troupe nats-config"; yours from then on.
listen: ${quoted(listen)}
${certificate}jetstream {
  store_dir: ${quoted(store)}
  sync_interval: always # What is acknowledged is on the disk.
}
include "accounts.conf"
`;
}
