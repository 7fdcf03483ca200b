/** The process of a node that the rows of the cluster start: it offers what it is told to, through the front door, and answers to its parent. */
import { pathToFileURL } from 'node:url';
import { watchPauses } from '../sample.ts';
import { offersOf, type Offer } from './offers.ts';

/** What a node's process is started with. */
export interface NodeAssignment {
  /** The packaged front door. */
  readonly shipped: string;
  readonly servers: string;
  /** Milliseconds to wait for the server. */
  readonly timeout: number;
  readonly tenant: string;
  /** The folder for what it keeps of the journal. */
  readonly folder: string;
  readonly name: string;
  readonly offers: readonly Offer[];
  /** Its share of the runs; 1 is usual. */
  readonly weight: number;
}

/** What the parent may ask. */
export type NodeOrder = 'watch' | 'pause' | 'close';

/** What the process says: it has joined; a step of a run that works begins; the longest pause since `watch`, in milliseconds; it has left. */
export type NodeWord =
  | { readonly joined: true }
  | { readonly step: string; readonly count: number }
  | { readonly pause: number }
  | { readonly closed: true };

const say = (word: NodeWord) => process.send?.(word);

async function serve(assignment: NodeAssignment): Promise<void> {
  const { shipped, servers, timeout, tenant, folder, name, offers, weight } = assignment;
  // The packaged front door has the types of the sources.
  const troupe = (await import(pathToFileURL(shipped).href)) as typeof import('../../../src/index.ts');
  const offered = await offersOf(troupe, offers, (step, count) => say({ step, count }));
  const node = await troupe.node(offered, { name, weight, env: {}, nats: { servers, tenant, folder, timeout } });
  let pauses: (() => number) | undefined;
  process.on('message', (order: NodeOrder) => {
    if (order === 'watch') pauses = watchPauses();
    if (order === 'pause') say({ pause: pauses?.() ?? 0 });
    if (order === 'close')
      void node.close().then(() => {
        say({ closed: true });
        process.disconnect();
      });
  });
  // A node ends with the process that measures it, however that ends.
  process.once('disconnect', () => process.exit(0));
  say({ joined: true });
}

const assignment = process.env['TROUPE_BENCH_NODE'];
if (assignment && process.send) await serve(JSON.parse(assignment) as NodeAssignment);
