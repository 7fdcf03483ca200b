/**
 * What each role of a tenant may publish and subscribe to.
 *
 * Members: a `node` may do everything of its tenant, an `operator` what the command line does. Both write to the tenant's journal, so both are trusted.
 * Guests: an `observer` reads, `control` asks a control server and thus works with all runs, `asks-<name>` requests runs of one agent or team. Each has an account of its own, to which the tenant's account exports
 * exactly what the guest may use. A permission inside the tenant's account would not suffice: a client that may send any request chooses where the answer goes, and a
 * client that may create a consumer chooses where it delivers. With either it could have data put on an actor's subject.
 */
import { inboxPrefixOf } from '../credentials.ts';

/** Roles with a user in the tenant's account. */
export const memberRoles = ['node', 'operator'] as const;
/** Roles of every tenant with an account of their own; there is one more for each agent or team, `requesterRole(name)`. */
export const guestRoles = ['observer', 'control'] as const;

/** The role that may request runs of the agent or team of this name, and nothing else. */
export const requesterRole = (name: string): string => `asks-${name}`;

/** Subjects, with wildcards. */
export interface SubjectPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** An export of the tenant's account to a guest's: a stream to subscribe to, or a service to request; `as` is its subject in the guest's account. `timeout`: the longest time until its answer, as the server's configuration writes durations. */
export type AccountExport =
  { readonly stream: string } | { readonly service: string; readonly as: string; readonly timeout?: string };

/** A run is requested in one request, which is answered when the run ends. */
const longestRun = '24h';

/** The requests of JetStream's API that read the journal. */
const readRequests = (tenant: string) =>
  journalStreams(tenant).flatMap((stream) => [`STREAM.INFO.${stream}`, `STREAM.MSG.GET.${stream}`]);

/** The streams of the journal: the logs of processes, the segments of runs, messages that wait and free runs, large bodies, and who is present. */
const journalStreams = (tenant: string) =>
  ['log', 'runs', 'mail', 'parts', 'nodes'].map((stream) => `troupe_${tenant}_${stream}`);
/** The subjects of the journal, to which its streams listen. */
const journalSubjects = ['_log.>', '_runs.>', '_mail.>', '_free.>', '_parts.>', '_presence.>'];

/** The prefix under which a guest reaches the tenant's JetStream: `{ apiPrefix }` of a client, `--js-api-prefix` of the `nats` command. */
export const apiPrefixOf = (tenant: string): string => `JS.${tenant}.API`;

/** The subject at which runs of an agent or team are requested. A dot would separate tokens, so it is written as a slash. */
export const endpointSubject = (tenant: string, name: string): string =>
  `troupe.${tenant}._ask.${name.replaceAll('.', '/')}`;

/** Where control servers are asked: requests, and the parts of answers. */
export const controlSubjects = (tenant: string): string => `troupe.${tenant}._control.>`;

/** What a guest's account imports; undefined for a member. */
export function exportsForRole(tenant: string, role: string): readonly AccountExport[] | undefined {
  const name = /^asks-(.+)$/.exec(role)?.[1];
  if (name !== undefined) {
    const subject = endpointSubject(tenant, name);
    return [{ service: subject, as: subject, timeout: longestRun }];
  }
  if (role === 'control') return [{ service: controlSubjects(tenant), as: controlSubjects(tenant) }];
  if (role !== 'observer') return undefined;
  return [
    ...['_topic.>', '_nodes', ...journalSubjects].map((subject) => ({ stream: `troupe.${tenant}.${subject}` })),
    ...readRequests(tenant).map((read) => ({ service: `$JS.API.${read}`, as: `${apiPrefixOf(tenant)}.${read}` })),
  ];
}

/** The permissions of a role's user in its account; undefined when it may do everything there. */
export function permissions(tenant: string, role: string, publicKey: string): SubjectPermissions | undefined {
  if (role === 'node') return undefined;
  const answers = `${inboxPrefixOf(publicKey)}.>`;
  if (role === 'operator') return operator(tenant, answers);
  const exported = exportsForRole(tenant, role) ?? [];
  return {
    publish: exported.flatMap((each) => ('service' in each ? each.as : [])),
    subscribe: [answers, ...exported.flatMap((each) => ('stream' in each ? each.stream : []))],
  };
}

/**
 * An operator reads the journal and appends to it, claims runs (so it answers as a process that has some), sends requests to nodes, and requests runs. It
 * deletes nothing but its own announcement, and sends to actors only by way of the journal.
 */
function operator(tenant: string, answers: string): SubjectPermissions {
  const own = (subject: string) => `troupe.${tenant}.${subject}`;
  // Inputs that are larger than a message go by way of the bodies.
  const bodies = `OBJ_troupe_${tenant}_bodies`;
  const [deployed, code] = [`troupe_${tenant}_deployments`, `OBJ_troupe_${tenant}_code`];
  const streamRequests = (stream: string) =>
    [
      `STREAM.CREATE.${stream}`,
      `STREAM.INFO.${stream}`,
      `STREAM.MSG.GET.${stream}`,
      `DIRECT.GET.${stream}`,
      `DIRECT.GET.${stream}.>`,
      `CONSUMER.CREATE.${stream}.>`,
      `CONSUMER.INFO.${stream}.*`,
      `CONSUMER.DELETE.${stream}.*`,
      `CONSUMER.MSG.NEXT.${stream}.*`,
    ].map((api) => `$JS.API.${api}`);
  return {
    publish: [
      ...[...journalSubjects, '_process.>', '_node.>', '_nodes.who', '_ask.>', '_deployments.>'].map(own),
      '$JS.API.INFO',
      '$JS.FC.>',
      // It reads artifacts, and stores none. It deploys.
      ...[...journalStreams(tenant), bodies, `OBJ_troupe_${tenant}_blobs`, deployed, code].flatMap(streamRequests),
      `$JS.API.STREAM.PURGE.troupe_${tenant}_nodes`,
      // Is there a journal of an earlier version?
      `$JS.API.STREAM.INFO.troupe_${tenant}`,
      ...[bodies, code].map((bucket) => `${bucket.replace('OBJ_', '$O.')}.>`),
    ],
    subscribe: [answers, ...['_inbox.>', '_topic.>', '_nodes', '_process.>', ...journalSubjects].map(own)],
  };
}
