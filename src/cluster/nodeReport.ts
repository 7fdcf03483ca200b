/** The report that a node publishes of itself, once a second. */
import * as z from 'zod';

const ReportedOffer = z.object({
  name: z.string(),
  kind: z.string(),
  /** The hash of its machine: two nodes that offer a name with different hashes run different versions. */
  hash: z.string(),
});
/** A definition that a node offers. */
export type ReportedOffer = z.infer<typeof ReportedOffer>;

/** The report. Its property names go over the wire. */
export const NodeReport = z.object({
  name: z.string(),
  /** The owner that the journal names in the leases of its runs. */
  owner: z.string(),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  /** Milliseconds since the epoch, by its own clock. */
  since: z.number(),
  offers: z.array(ReportedOffer),
  labels: z.array(z.string()),
  /** Its share of the runs, relative to that of other nodes. */
  weight: z.number().positive(),
  /** It takes no more runs: it is leaving, or has as many as it may. */
  full: z.boolean(),
  leaving: z.boolean(),
  /** How many runs it has, and in how many of them something is under way. */
  runs: z.number(),
  busy: z.number(),
  health: z.enum(['healthy', 'degraded', 'failing']),
  /** Resident memory of the process, in bytes. */
  memory: z.number(),
});
export type NodeReport = z.infer<typeof NodeReport>;
