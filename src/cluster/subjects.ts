/** Where nodes and those who ask them speak: beside the subjects of actors, under the same tenant. */
import { requireTenant } from '../nats/tenant.ts';

/** What a node can be asked to do. */
export type Verb = 'report' | 'take' | 'give' | 'fits' | 'drain';

export interface ClusterSubjects {
  /** `troupe.<tenant>._ask.<subject>`: a queue of all nodes that offer it, one of which answers. */
  ask(subject: string): string;
  /** `troupe.<tenant>._node.<name>.<verb>`: one node. A dot in its name is written as a slash. */
  node(name: string, verb: Verb): string;
  /** `troupe.<tenant>._nodes`: every node tells here, again and again, how it is. */
  readonly nodes: string;
  /** `troupe.<tenant>._nodes.who`: every node answers. */
  readonly who: string;
}

export function clusterSubjects(tenant: string): ClusterSubjects {
  const root = `troupe.${requireTenant(tenant)}`;
  const token = (id: string) => id.replaceAll('.', '/');
  return {
    ask: (subject) => `${root}._ask.${token(subject)}`,
    node: (name, verb) => `${root}._node.${token(name)}.${verb}`,
    nodes: `${root}._nodes`,
    who: `${root}._nodes.who`,
  };
}
