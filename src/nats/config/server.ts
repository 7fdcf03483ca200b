/** The part of a server's configuration that its owner edits: address, certificate, folder of the data. */
import { TroupeError } from '../../values/failure.ts';
import { isLoopback } from '../tlsPolicy.ts';

/** What the configuration says. */
export interface ServerConfOptions {
  /** `host:port`. Default: 127.0.0.1:4222. */
  readonly listen?: string;
  /** Paths of its certificate and key; with `ca`, clients must show a certificate of that authority. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** The path of the folder of its streams. */
  readonly store: string;
  /** Allow an address that other machines can reach without TLS. Default: false. */
  readonly insecure?: boolean;
}

/** The text of `nats.conf`. Throws `invalid` for an address that other machines can reach without TLS. */
export function serverConf({ listen = '127.0.0.1:4222', tls, store, insecure = false }: ServerConfOptions): string {
  if (!/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):(-1|\d{1,5})$/.test(listen))
    throw new TroupeError('invalid', `A server listens at HOST:PORT, such as 0.0.0.0:4222; got "${listen}".`);
  if (!tls && !insecure && !isLoopback(listen))
    throw new TroupeError(
      'invalid',
      `At ${listen} others could reach this server, and without TLS read and change what is sent. Give it a certificate (--tls CERT,KEY), listen at 127.0.0.1, or say --insecure when nobody else is on that network.`,
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
