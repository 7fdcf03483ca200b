/** What a node tells of itself, once a second. */
import * as z from 'zod';

const Offer = z.object({
  name: z.string(),
  kind: z.string(),
  /** Of its machine: two nodes that offer a name under two hashes run two versions of it. */
  hash: z.string(),
});
export type Offer = z.infer<typeof Offer>;

export const NodeReport = z.object({
  name: z.string(),
  /** How the journal calls it where it says who has a run. */
  owner: z.string(),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  /** Milliseconds since the epoch, by its own clock. */
  since: z.number(),
  offers: z.array(Offer),
  labels: z.array(z.string()),
  /** How large its share of the runs is, against that of others. */
  weight: z.number().positive(),
  /** Does it take no more runs: it is leaving, or has as many as it may. */
  full: z.boolean(),
  leaving: z.boolean(),
  /** Runs that it has, and those of them in which something is being done. */
  runs: z.number(),
  busy: z.number(),
  health: z.enum(['healthy', 'degraded', 'failing']),
  /** Bytes. */
  memory: z.number(),
});
export type NodeReport = z.infer<typeof NodeReport>;
