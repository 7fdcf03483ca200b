/** The NATS subjects of nodes and their clients, under the same tenant as those of actors. */
import { requireTenant } from '../nats/tenant.ts';

/** What a node can be requested to do. These names are part of the subjects. */
export type NodeVerb = 'report' | 'take' | 'give' | 'fits' | 'load' | 'standing' | 'drain';

/** The subjects of one tenant. */
export interface ClusterSubjects {
  /** `troupe.<tenant>._ask.<subject>`: requests for runs of a definition; one of the nodes that offer it answers. */
  ask(subject: string): string;
  /** `troupe.<tenant>._node.<name>.<verb>`: one node. A dot in its name is written as a slash. */
  node(name: string, verb: NodeVerb): string;
  /** `troupe.<tenant>._control.<operation>`: what can be done with runs; one of the control servers answers. */
  control(operation: string): string;
  /** `troupe.<tenant>._control._parts.<server>`: below it, the answers of one control server that come in parts. */
  controlParts(server: string): string;
  /** `troupe.<tenant>._nodes`: every node publishes its reports here. */
  readonly nodes: string;
  /** `troupe.<tenant>._nodes.who`: every node answers with its report. */
  readonly who: string;
}

/** The subjects of a tenant. Throws `invalid` when it is no name of a tenant. */
export function clusterSubjects(tenant: string): ClusterSubjects {
  const root = `troupe.${requireTenant(tenant)}`;
  const token = (id: string) => id.replaceAll('.', '/');
  return {
    ask: (subject) => `${root}._ask.${token(subject)}`,
    node: (name, verb) => `${root}._node.${token(name)}.${verb}`,
    control: (operation) => `${root}._control.${operation}`,
    controlParts: (server) => `${root}._control._parts.${token(server)}`,
    nodes: `${root}._nodes`,
    who: `${root}._nodes.who`,
  };
}
