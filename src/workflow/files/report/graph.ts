/** Workflows as Mermaid graphs: their steps, and the files that these use. */
import { basename } from 'node:path';
import type { StepEnd } from '../../../contracts/workflow/step.ts';
import { primitivesOf } from '../checks/steps.ts';
import { stepsBefore } from '../define/step.ts';
import { linked, type Link, type Sources, type WorkflowNode } from '../project/sources.ts';
import type { FileProblem } from '../problem.ts';
import type { Report } from './validate.ts';

/** How a step of a run stands. */
export type StepMark = StepEnd['status'] | 'running';

/** The colours of the marks. */
const classes: Readonly<Record<StepMark, string>> = {
  complete: 'fill:#dfd,stroke:#080,color:#000',
  failed: 'fill:#fdd,stroke:#c00,color:#000',
  skipped: 'fill:#eee,stroke:#888,color:#555,stroke-dasharray:4',
  running: 'fill:#ddf,stroke:#00c,color:#000',
};

/**
 * A graph of each workflow, or of the one in `only`, an absolute path. What has an error is marked with the class `failed`; with `marks`, those of the steps of a run,
 * by their ids, each step has the class of its mark.
 */
export function mermaidGraphs(
  sources: Sources,
  report: Pick<Report, 'files'>,
  only?: string,
  marks?: ReadonlyMap<string, StepMark>,
): string {
  const problems = new Map(report.files.map((file) => [file.file, file.problems.filter(isError)]));
  return [...sources.workflows.values()]
    .filter(({ file }) => only === undefined || file === only)
    .map((node) => graphOf(node, sources, problems, marks))
    .join('\n');
}

const isError = ({ severity }: FileProblem) => severity === 'error';

function graphOf(
  node: WorkflowNode,
  sources: Sources,
  problems: ReadonlyMap<string, readonly FileProblem[]>,
  marks: ReadonlyMap<string, StepMark> | undefined,
): string {
  const steps = node.value?.pipeline ?? [];
  const ids = steps.map(({ id }) => id);
  const failed = (file: string) => (problems.get(file) ?? []).length > 0;
  const names = nodeNames();
  const lines: string[] = [];
  const box = (key: string, label: string, bad: boolean, mark?: StepMark) => {
    const { name, isNew } = names(key);
    const shown = mark ?? (bad && !marks ? 'failed' : undefined);
    if (isNew) lines.push(`  ${name}["${label}"]${shown === undefined ? '' : `:::${shown}`}`);
    return name;
  };
  if (!node.value) box(`file ${node.file}`, `${escaped(node.name)} [workflow-file]`, true);
  for (const [at, step] of steps.entries()) {
    const bad = (problems.get(node.file) ?? []).some(({ path }) => new RegExp(`^pipeline\\[${at}\\]`).test(path));
    box(`step ${step.id}`, `${escaped(step.id)} [${primitivesOf(step)[0] ?? 'unknown'}]`, bad, marks?.get(step.id));
  }
  for (const [at, step] of steps.entries()) {
    const self = names(`step ${step.id}`).name;
    for (const before of stepsBefore(step, ids)) lines.push(`  ${names(`step ${before}`).name} --> ${self}`);
    const child = linked(node.workflows.get(at));
    if (child !== undefined)
      lines.push(`  ${self} -.-> ${box(child, `${escaped(basename(child))} [workflow-file]`, failed(child))}`);
    const agent = linked(node.agents.get(at));
    if (agent === undefined) continue;
    const fileBox = (file: string, kind: 'agent' | 'server') =>
      box(file, `${escaped(basename(file))} [${kind}-file]`, failed(file));
    lines.push(`  ${self} -.-> ${fileBox(agent, 'agent')}`);
    // With its sub-agents, and theirs: a set gives those as well that are added on the way.
    const agents = new Set([agent]);
    for (const one of agents) {
      const { servers, subAgents } = sources.agents.get(one) ?? {};
      const uses = (link: Link, kind: 'agent' | 'server') => {
        const file = linked(link);
        if (file === undefined) return;
        lines.push(`  ${names(one).name} -.-> ${fileBox(file, kind)}`);
        if (kind === 'agent') agents.add(file);
      };
      for (const link of servers?.values() ?? []) uses(link, 'server');
      for (const link of subAgents?.values() ?? []) uses(link, 'agent');
    }
  }
  const shown = Object.entries(classes).filter(
    ([name]) => name === 'failed' || lines.some((line) => line.endsWith(`:::${name}`)),
  );
  const styles = shown.map(([name, style]) => `  classDef ${name} ${style}`);
  return [`%% ${node.name.replaceAll(/\s+/g, ' ')}`, 'graph TD', ...new Set(lines), ...styles, ''].join('\n');
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
