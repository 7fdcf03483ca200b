/** A cluster of real processes for a row: nodes of their own tenant on the row's server, and a client that asks them for runs. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scope } from '../row.ts';
import type { NodeAssignment, NodeOrder, NodeWord } from './nodeProcess.ts';
import { isWorking, type Offer } from './offers.ts';
import { busyOf, bytesIn, memoryOf } from './usage.ts';

/** A node in a process of its own. */
export interface MeasuredNode {
  readonly name: string;
  readonly pid: number;
  /** Microseconds of processor time since its start. */
  busy(): number;
  /** Bytes of memory that it has now. */
  memory(): number;
  /** Bytes of what it keeps on its disk. */
  stored(): number;
  /** Begins to watch its event loop. */
  watch(): void;
  /** The longest pause of its event loop since `watch`, in milliseconds. */
  pause(): Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Lets it give its runs away and leave. */
  close(): Promise<void>;
  /** Ends it at once. */
  end(): Promise<void>;
}

/** A step of a working run began at a node. */
export type OnStep = (run: string, node: string) => void;

export interface Rig {
  readonly tenant: string;
  /** Resolves when the node has joined. */
  node(name: string, offers: readonly Offer[], options?: { weight?: number; onStep?: OnStep }): Promise<MeasuredNode>;
  /** Asks for `count` runs with `width` under way, and waits for the end of each. */
  runs(offer: Offer, count: number, width?: number): Promise<void>;
  /** Begins `count` runs, and waits until they are stored. */
  begin(offer: Offer, names: readonly string[], width?: number): Promise<void>;
  /** Ends all nodes at once. */
  end(): Promise<void>;
}

/** Milliseconds to wait for the server: a machine that is busy with the benchmark answers late. */
const timeout = 30_000;

let rigs = 0;

/** Everything ends with the contestant. */
export async function rigOf({ shipped, nodeProcess, server, folder, onEnd }: Scope): Promise<Rig> {
  const tenant = `t${process.pid}-${rigs++}`;
  const nodes = new Set<MeasuredNode>();
  // The packaged front door has the types of the sources.
  const { cluster } = (await import(pathToFileURL(shipped).href)) as typeof import('../../../src/index.ts');
  const client = await cluster({ servers: server, tenant, timeout }, { env: {} });
  const end = async () => {
    await Promise.all([...nodes].map((each) => each.end()));
    nodes.clear();
  };
  onEnd(() => client.close());
  onEnd(end);
  return {
    tenant,
    end,
    async node(name, offers, { weight = 1, onStep } = {}) {
      const own = join(folder, tenant, `${name}-${nodes.size}`);
      mkdirSync(own, { recursive: true });
      const assignment = { shipped, servers: server, timeout, tenant, folder: own, name, offers, weight };
      const started = await start(nodeProcess, assignment, onStep);
      nodes.add(started);
      return started;
    },
    async runs(offer, count, width = 50) {
      await inFlight(count, width, async () => {
        const ended = await client.invoke(offer, offer === 'short' ? 'go' : null);
        if (ended.status !== 'done') throw new Error(`A run ended as ${JSON.stringify(ended).slice(0, 300)}.`);
      });
    },
    async begin(offer, names, width = 50) {
      await inFlight(names.length, width, async (index) => {
        const key = names[index] ?? '';
        await client.invoke(offer, isWorking(offer) ? key : null, { key, detach: true });
      });
    },
  };
}

async function inFlight(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

async function start(nodeProcess: string, assignment: NodeAssignment, onStep?: OnStep): Promise<MeasuredNode> {
  const { name, folder } = assignment;
  const child = fork(nodeProcess, {
    cwd: folder,
    execArgv: [],
    env: { PATH: process.env['PATH'], TROUPE_BENCH_NODE: JSON.stringify(assignment), NODE_ENV: 'production' },
  });
  child.on('message', (word: NodeWord) => {
    if ('step' in word) onStep?.(word.step, name);
  });
  await heard(child, name, (word) => 'joined' in word);
  const order = (what: NodeOrder) => void child.send(what);
  const { pid } = child;
  if (pid === undefined) throw new Error(`The process of the node "${name}" has no id.`);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    pid,
    busy: () => busyOf(pid),
    memory: () => memoryOf(pid),
    stored: () => bytesIn(folder),
    watch: () => order('watch'),
    async pause() {
      const answer = heard(child, name, (word) => 'pause' in word);
      order('pause');
      const word = await answer;
      return 'pause' in word ? word.pause : 0;
    },
    signal: (signal) => void child.kill(signal),
    async close() {
      if (hasEnded()) return;
      order('close');
      await once(child, 'exit');
    },
    async end() {
      if (hasEnded()) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** The first word of a node that is asked for. Rejects when the process ends before. */
async function heard(child: ChildProcess, name: string, is: (word: NodeWord) => boolean): Promise<NodeWord> {
  const over = new AbortController();
  try {
    return await new Promise<NodeWord>((resolve, reject) => {
      const onMessage = (word: NodeWord) => (is(word) ? resolve(word) : undefined);
      child.on('message', onMessage);
      over.signal.addEventListener('abort', () => child.off('message', onMessage));
      once(child, 'exit', { signal: over.signal }).then(
        ([code]) => reject(new Error(`The node "${name}" ended with ${code}.`)),
        () => {}, // Aborted: the word came.
      );
    });
  } finally {
    over.abort();
  }
}
