/** What a workflow uses, as a tree. */
import { basename } from 'node:path';
import type { Json } from '../../../values/json.ts';
import { Collector } from '../project/collect.ts';
import type { WorkflowProject } from '../project/project.ts';
import { linked, type Link, type Sources } from '../project/sources.ts';
import { realPath } from '../project/workspaces.ts';

/** A file, and the files that it uses. */
export interface TreeNode {
  /** The absolute path; of a reference that leads nowhere, as it was written. */
  readonly path: string;
  readonly kind: 'workflow' | 'agent' | 'server';
  readonly children: readonly TreeNode[];
  /** Why it is not there, or that it is one of the files above it. */
  readonly problem?: string;
}

/** The tree of a workflow file. */
export async function workflowTree(project: WorkflowProject, path: string): Promise<TreeNode> {
  const file = await realPath(path);
  const collector = new Collector(project.reader, project.workspaces, project.manifests);
  await collector.workflow(file);
  return workflowNode(file, collector, []);
}

function workflowNode(path: string, sources: Sources, above: readonly string[]): TreeNode {
  if (above.includes(path)) return { path, kind: 'workflow', children: [], problem: 'a cycle' };
  const node = sources.workflows.get(path);
  const problem = node?.value ? {} : { problem: node?.problems[0]?.message ?? 'it cannot be read' };
  const here = [...above, path];
  const children = [...(node?.value?.pipeline ?? []).keys()].flatMap((at) => [
    ...follow(node?.workflows.get(at), 'workflow', (to) => workflowNode(to, sources, here)),
    ...follow(node?.agents.get(at), 'agent', (to) => agentNode(to, sources, [])),
  ]);
  return { path, kind: 'workflow', children: eachOnce(children), ...problem };
}

function agentNode(path: string, sources: Sources, above: readonly string[]): TreeNode {
  if (above.includes(path)) return { path, kind: 'agent', children: [], problem: 'a cycle' };
  const { servers, subAgents } = sources.agents.get(path) ?? {};
  const children = [
    ...[...(servers?.values() ?? [])].flatMap((link) =>
      follow(link, 'server', (to): TreeNode => ({ path: to, kind: 'server', children: [] })),
    ),
    ...[...(subAgents?.values() ?? [])].flatMap((link) =>
      follow(link, 'agent', (to) => agentNode(to, sources, [...above, path])),
    ),
  ];
  return { path, kind: 'agent', children: eachOnce(children) };
}

function follow(link: Link | undefined, kind: TreeNode['kind'], make: (file: string) => TreeNode): TreeNode[] {
  if (!link) return [];
  const file = linked(link);
  if (file !== undefined) return [make(file)];
  return [{ path: link.reference, kind, children: [], problem: 'problem' in link.to ? link.to.problem : 'missing' }];
}

const eachOnce = (nodes: readonly TreeNode[]): TreeNode[] => [
  ...new Map(nodes.map((node) => [node.path, node])).values(),
];

/** A tree with the names of the files, indented. */
export function treeText(top: TreeNode): string {
  const line = ({ path, kind, problem }: TreeNode) =>
    `${basename(path)} [${kind}]${problem === undefined ? '' : ` (${problem})`}`;
  const under = (node: TreeNode, indent: string): string[] =>
    node.children.flatMap((child, at) => {
      const last = at === node.children.length - 1;
      return [`${indent}${last ? '└─' : '├─'} ${line(child)}`, ...under(child, `${indent}${last ? '   ' : '│  '}`)];
    });
  return `${[line(top), ...under(top, '')].join('\n')}\n`;
}

/** A tree as JSON. */
export const treeJson = ({ path, kind, children, problem }: TreeNode): Json => ({
  path,
  kind,
  children: children.map(treeJson),
  ...(problem !== undefined && { problem }),
});
