/** The report that a node publishes of itself, once a second. */
import * as z from 'zod';

const ReportedOffer = z.object({
  /** The name under which runs of it are requested. */
  name: z.string(),
  /** What is defined: `agent`, `team`, `orchestrator`, `guarded` or `machine`. */
  kind: z.string(),
  /** The hash of the whole definition: two nodes that offer a name with different hashes run different versions. */
  hash: z.string(),
});
/** A definition that a node offers. */
export type ReportedOffer = z.infer<typeof ReportedOffer>;

/** The report. Its property names go over the wire. */
export const NodeReport = z.object({
  /** Its name in the cluster, which no other node may have. */
  name: z.string(),
  /** The owner that the journal names in the leases of its runs. */
  owner: z.string(),
  /** The host name of its machine. */
  host: z.string(),
  /** The id of its process on that host. */
  pid: z.number(),
  /** The version of the package that it runs. */
  version: z.string(),
  /** Milliseconds since the epoch, by its own clock. */
  since: z.number(),
  /** The definitions of which it takes runs. */
  offers: z.array(ReportedOffer),
  /** What its machine has, such as `gpu`: a node offers only definitions whose needs are among its labels. */
  labels: z.array(z.string()),
  /** Its share of the runs, relative to that of other nodes. */
  weight: z.number().positive(),
  /** It takes no more runs: it is leaving, or has as many as it may. */
  full: z.boolean(),
  /** It hands its runs over to other nodes and ends. */
  leaving: z.boolean(),
  /** How many runs it has. */
  runs: z.number(),
  /** How many of its runs go on by themselves; the others wait for time or a person. */
  busy: z.number(),
  /** The worst health of the agents, models and tool servers that its runs use. */
  health: z.enum(['healthy', 'degraded', 'failing']),
  /** Why it cannot use its journal now; absent while it can. */
  trouble: z.string().optional(),
  /** Milliseconds for which its oldest commit has waited for the journal; absent while nothing waits. */
  lag: z.number().optional(),
  /** How many messages of other programs it has skipped in the log of the shared journal; absent for none. */
  skipped: z.number().optional(),
  /** In an answer to `who`: the owners of all nodes that it knows, so that the asker can wait for those who are slow. */
  peers: z.array(z.string()).optional(),
  /** Resident memory of the process, in bytes. */
  memory: z.number(),
});
export type NodeReport = z.infer<typeof NodeReport>;
