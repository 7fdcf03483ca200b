/** `troupe nats-config`: writes a configuration for a NATS server, and a key for each role, for the definitions in files. */
import { relative, resolve } from 'node:path';
import type { TenantLimits } from '../../nats/config/limits.ts';
import { withNats } from '../../nats/packages.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { loadDefinition } from '../load.ts';
import { writeMessage, writeJson } from '../output/write.ts';

/** The options of `troupe nats-config`. */
export interface NatsConfigCommandOptions {
  /** Names of tenants; `default` when it is empty. */
  readonly tenant: readonly string[];
  /** The folder to write to; `nats` by default. */
  readonly out: string;
  /** `host:port`; `127.0.0.1:4222` by default. */
  readonly listen?: string;
  /** Paths of PEM files: `CERT,KEY` or `CERT,KEY,CA`. */
  readonly tls?: string;
  /** The folder of the server's streams; `jetstream` in `out` by default. */
  readonly store?: string;
  /** Allows to listen on other than loopback without TLS; false by default. */
  readonly insecure?: boolean;
  /** Bytes that each of the tenants may store on the disks; as before by default, and 10 GiB at first. */
  readonly maxStorage?: number;
  /** Bytes that it may store in the servers' memory; as before by default, and 256 MiB at first. */
  readonly maxMemory?: number;
  /** How many connections it may have; as before by default, and no limit at first. */
  readonly maxConnections?: number;
  /** How many subscriptions a connection may have; as before by default, and no limit at first. */
  readonly maxSubscriptions?: number;
  /** Bytes of a message; as before by default, and the server's limit at first. */
  readonly maxPayload?: number;
  /** Replaces existing keys and the main file; false by default. */
  readonly force?: boolean;
  /** Prints the written files as JSON; false by default. */
  readonly json?: boolean;
}

/** Writes the files and prints their names. */
export async function natsConfigCommand(
  cli: Cli,
  files: readonly string[],
  flags: NatsConfigCommandOptions,
): Promise<number> {
  const { listen, insecure = false, force = false } = flags;
  const out = resolve(cli.cwd, flags.out);
  const tls = flags.tls === undefined ? undefined : certificate(cli, flags.tls);
  const subjects = [];
  for (const file of files) subjects.push((await loadDefinition(cli.cwd, file)).subject);
  const { natsAccess: write } = await withNats(
    () => import('../../cluster/access.ts'),
    'The keys of a NATS server need',
  );
  const written = await write(subjects, {
    out,
    tenants: flags.tenant.length > 0 ? [...new Set(flags.tenant)] : ['default'],
    server: {
      store: resolve(cli.cwd, flags.store ?? resolve(out, 'jetstream')),
      insecure,
      ...(listen === undefined ? {} : { listen }),
      ...(tls === undefined ? {} : { tls }),
    },
    limits: limitsIn(flags),
    force,
  });
  if (flags.json) writeJson(cli.out, written);
  else for (const { file, how } of written) cli.out.write(`${how.padEnd(8)}${relative(cli.cwd, file)}\n`);
  const hasSettings = [flags.listen, flags.tls, flags.store].some((option) => option !== undefined);
  const main = written.at(-1);
  if (!main) return exitCodes.done;
  if (main.how === 'kept' && hasSettings)
    writeMessage(
      cli,
      `${relative(cli.cwd, main.file)} exists and was kept: --listen, --tls and --store changed nothing.`,
    );
  writeMessage(
    cli,
    `Start it with: nats-server -c ${relative(cli.cwd, main.file)}   (one that is running: nats-server --signal reload)`,
  );
  return exitCodes.done;
}

const limitsIn = (flags: NatsConfigCommandOptions): TenantLimits => ({
  ...(flags.maxStorage === undefined ? {} : { storage: flags.maxStorage }),
  ...(flags.maxMemory === undefined ? {} : { memory: flags.maxMemory }),
  ...(flags.maxConnections === undefined ? {} : { connections: flags.maxConnections }),
  ...(flags.maxSubscriptions === undefined ? {} : { subscriptions: flags.maxSubscriptions }),
  ...(flags.maxPayload === undefined ? {} : { payload: flags.maxPayload }),
});

function certificate({ cwd }: Cli, option: string) {
  const [cert, key, ca, ...more] = option.split(',').map((path) => path.trim());
  if (!cert || !key || ca === '' || more.length > 0)
    throw new UsageError(`--tls expects CERT,KEY or CERT,KEY,CA: paths of files with PEM; got "${option}".`);
  return { cert: resolve(cwd, cert), key: resolve(cwd, key), ...(ca === undefined ? {} : { ca: resolve(cwd, ca) }) };
}
