/** Workflows as Mermaid graphs: their steps, and the files that these use. */
import { basename } from 'node:path';
import { primitivesOf } from '../checks/steps.ts';
import { stepsBefore } from '../define/step.ts';
import { linked, type Sources, type WorkflowNode } from '../project/sources.ts';
import type { FileProblem } from '../problem.ts';
import type { Report } from './validate.ts';

/** A graph of each workflow, or of the one in `only`, an absolute path. What has an error is marked with the class `failed`. */
export function mermaidGraphs(sources: Sources, report: Pick<Report, 'files'>, only?: string): string {
  const problems = new Map(report.files.map((file) => [file.file, file.problems.filter(isError)]));
  return [...sources.workflows.values()]
    .filter(({ file }) => only === undefined || file === only)
    .map((node) => graphOf(node, sources, problems))
    .join('\n');
}

const isError = ({ severity }: FileProblem) => severity === 'error';

function graphOf(node: WorkflowNode, sources: Sources, problems: ReadonlyMap<string, readonly FileProblem[]>): string {
  const steps = node.value?.pipeline ?? [];
  const ids = steps.map(({ id }) => id);
  const failed = (file: string) => (problems.get(file) ?? []).length > 0;
  const names = nodeNames();
  const lines: string[] = [];
  const box = (key: string, label: string, bad: boolean) => {
    const { name, isNew } = names(key);
    if (isNew) lines.push(`  ${name}["${label}"]${bad ? ':::failed' : ''}`);
    return name;
  };
  if (!node.value) box(`file ${node.file}`, `${escaped(node.name)} [workflow-file]`, true);
  for (const [at, step] of steps.entries()) {
    const bad = (problems.get(node.file) ?? []).some(({ path }) => new RegExp(`^pipeline\\[${at}\\]`).test(path));
    box(`step ${step.id}`, `${escaped(step.id)} [${primitivesOf(step)[0] ?? 'unknown'}]`, bad);
  }
  for (const [at, step] of steps.entries()) {
    const self = names(`step ${step.id}`).name;
    for (const before of stepsBefore(step, ids)) lines.push(`  ${names(`step ${before}`).name} --> ${self}`);
    const child = linked(node.workflows.get(at));
    if (child !== undefined)
      lines.push(`  ${self} -.-> ${box(child, `${escaped(basename(child))} [workflow-file]`, failed(child))}`);
    const agent = linked(node.agents.get(at));
    if (agent === undefined) continue;
    lines.push(`  ${self} -.-> ${box(agent, `${escaped(basename(agent))} [agent-file]`, failed(agent))}`);
    for (const link of sources.agents.get(agent)?.servers.values() ?? []) {
      const server = linked(link);
      if (server === undefined) continue;
      const to = box(server, `${escaped(basename(server))} [server-file]`, failed(server));
      lines.push(`  ${names(agent).name} -.-> ${to}`);
    }
  }
  const classes = '  classDef failed fill:#fdd,stroke:#c00,color:#000';
  return [`%% ${node.name.replaceAll(/\s+/g, ' ')}`, 'graph TD', ...new Set(lines), classes, ''].join('\n');
}

/** Names of nodes without anything that Mermaid takes for syntax, such as "end". */
function nodeNames() {
  const known = new Map<string, string>();
  return (key: string): { name: string; isNew: boolean } => {
    const found = known.get(key);
    if (found !== undefined) return { name: found, isNew: false };
    const id = key.startsWith('step ') ? key.slice(5) : `file${known.size}`;
    const plain = `n_${id.replaceAll(/[^A-Za-z0-9_]/g, '_')}`;
    const name = [...known.values()].includes(plain) ? `${plain}_${known.size}` : plain;
    known.set(key, name);
    return { name, isNew: true };
  };
}

const escaped = (text: string) => text.replaceAll('"', '#quot;').replaceAll('<', '#lt;');
