/** `troupe nats-config`: a configuration for a NATS server, and a key for each role, from what files define. */
import { relative, resolve } from 'node:path';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { load } from './load.ts';
import { say, writeJson } from './output.ts';

export interface NatsConfigFlags {
  readonly tenant: readonly string[];
  readonly out: string;
  readonly listen?: string;
  readonly tls?: string;
  readonly store?: string;
  readonly insecure?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export async function natsConfig(cli: Cli, files: readonly string[], flags: NatsConfigFlags): Promise<number> {
  const { listen, insecure = false, force = false } = flags;
  const out = resolve(cli.cwd, flags.out);
  const tls = flags.tls === undefined ? undefined : certificate(cli, flags.tls);
  const subjects = [];
  for (const file of files) subjects.push((await load(cli.cwd, file)).subject);
  const { natsConfig: write } = await import('../natsConfig.ts');
  const written = await write(subjects, {
    out,
    tenants: flags.tenant.length > 0 ? [...new Set(flags.tenant)] : ['default'],
    server: {
      store: resolve(cli.cwd, flags.store ?? resolve(out, 'jetstream')),
      insecure,
      ...(listen === undefined ? {} : { listen }),
      ...(tls === undefined ? {} : { tls }),
    },
    force,
  });
  if (flags.json) writeJson(cli.out, written);
  else for (const { file, how } of written) cli.out.write(`${how.padEnd(8)}${relative(cli.cwd, file)}\n`);
  const settings = [flags.listen, flags.tls, flags.store].some((given) => given !== undefined);
  const main = written.at(-1)!;
  if (main.how === 'kept' && settings)
    say(cli, `${relative(cli.cwd, main.file)} is yours and was kept: --listen, --tls and --store changed nothing.`);
  say(
    cli,
    `Start it with: nats-server -c ${relative(cli.cwd, main.file)}   (one that runs: nats-server --signal reload)`,
  );
  return exit.done;
}

function certificate({ cwd }: Cli, given: string) {
  const [cert, key, ca, ...more] = given.split(',').map((path) => path.trim());
  if (!cert || !key || ca === '' || more.length > 0)
    throw new UsageError(`--tls expects CERT,KEY or CERT,KEY,CA: paths of files with PEM; got "${given}".`);
  return { cert: resolve(cwd, cert), key: resolve(cwd, key), ...(ca === undefined ? {} : { ca: resolve(cwd, ca) }) };
}
