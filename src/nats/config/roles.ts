/**
 * What each role of a tenant may say and hear on the bus.
 *
 * Members: a `node` may do everything of its tenant, an `operator` what the command line does: both write to the tenant's log, and whoever does that is trusted.
 * Guests: an `observer` reads, `asks-<name>` asks for runs of one agent or team. Each has an account of its own beside the tenant's, into which the tenant hands
 * exactly what it may have. A permission would not do: who may ask a server anything inside an account chooses where its answer goes, and who may make a
 * consumer chooses where it delivers, so both could have others' words put on an actor's subject.
 */
import { inboxOf } from '../credentials.ts';

export const memberRoles = ['node', 'operator'] as const;
export const guestRoles = ['observer'] as const;

/** May ask for runs of the agent or team of this name, and nothing else. */
export const asks = (name: string): string => `asks-${name}`;

export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What the tenant hands to a guest: under what name in its own account, and what it is called in the guest's. */
export type Handed =
  { readonly stream: string } | { readonly service: string; readonly as: string; readonly patience?: string };

/** A run is asked for in one request, which is answered when it ends. */
const runsTake = '24h';

/** What a server asks the log and its large entries for, without changing them. */
const reads = (tenant: string) =>
  [`troupe_${tenant}`, ...objects(tenant)].flatMap((stream) => [`STREAM.INFO.${stream}`, `STREAM.MSG.GET.${stream}`]);

/** The streams of what is too large for an entry of the log. */
const objects = (tenant: string) => [`OBJ_troupe_${tenant}_entries`, `OBJ_troupe_${tenant}_snapshots`];

/** A guest's way to JetStream of the tenant: `{ apiPrefix }` of a client, `--js-api-prefix` of the `nats` command. */
export const apiOf = (tenant: string): string => `JS.${tenant}.API`;

/** The door at which runs of an agent or team are asked for. A dot, which would part tokens, is written as a slash. */
export const doorOf = (tenant: string, name: string): string => `troupe.${tenant}._ask.${name.replaceAll('.', '/')}`;

/** Undefined for a member. */
export function handedTo(tenant: string, role: string): readonly Handed[] | undefined {
  const door = /^asks-(.+)$/.exec(role)?.[1];
  if (door !== undefined) {
    const subject = doorOf(tenant, door);
    return [{ service: subject, as: subject, patience: runsTake }];
  }
  if (role !== 'observer') return undefined;
  return [
    ...['_topic.>', '_nodes', '_journal'].map((heard) => ({ stream: `troupe.${tenant}.${heard}` })),
    ...reads(tenant).map((read) => ({ service: `$JS.API.${read}`, as: `${apiOf(tenant)}.${read}` })),
  ];
}

/** Undefined when its holder may do everything in its account. */
export function permissions(tenant: string, role: string, publicKey: string): Permissions | undefined {
  if (role === 'node') return undefined;
  const answers = `${inboxOf(publicKey)}.>`;
  if (role === 'operator') return operator(tenant, answers);
  const handed = handedTo(tenant, role) ?? [];
  return {
    publish: handed.flatMap((each) => ('service' in each ? each.as : [])),
    subscribe: [answers, ...handed.flatMap((each) => ('stream' in each ? each.stream : []))],
  };
}

/** Plays the log and adds to it, speaks to nodes, asks for runs: and speaks to no actor except by way of the log. */
function operator(tenant: string, answers: string): Permissions {
  const own = (subject: string) => `troupe.${tenant}.${subject}`;
  const opens = (stream: string) =>
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
      ...['_journal', '_node.>', '_nodes.who', '_ask.>'].map(own),
      '$JS.API.INFO',
      '$JS.FC.>',
      ...[`troupe_${tenant}`, ...objects(tenant)].flatMap(opens),
      ...objects(tenant).map((stream) => `${stream.replace('OBJ_', '$O.')}.>`),
    ],
    subscribe: [answers, ...['_inbox.>', '_topic.>', '_nodes', '_journal'].map(own)],
  };
}
