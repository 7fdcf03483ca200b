/** Which problems of the files of a workflow concern which of its steps, and which the workflow as a whole: so that a run fails where something is wrong. */
import { problemText, type FileProblem } from '../problem.ts';
import { linked, type AgentNode, type Sources, type WorkflowNode } from '../project/sources.ts';
import { serverOf, subAgentOf } from './agent.ts';

/** So many problems are told in one message. */
const mostTold = 20;

/** What is wrong with a workflow; undefined where nothing is. */
export interface OwnedProblems {
  readonly whole: string | undefined;
  /** By the place of the step in the file. */
  step(at: number): string | undefined;
}

/** Shares problems out. Those in the files of an agent or of its servers concern each step that it does; warnings concern nobody. */
export function ownedProblems(node: WorkflowNode, sources: Sources, problems: readonly FileProblem[]): OwnedProblems {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const own = errors.filter(({ file }) => file === node.file);
  const steps = node.value?.pipeline ?? [];
  const among = (files: readonly string[]) => errors.filter(({ file }) => files.includes(file));
  return {
    // Whoever mends the whole is told of the steps, too.
    whole: own.some((problem) => stepOf(problem) === undefined)
      ? textOfAll([...own, ...among([...steps.keys()].flatMap((at) => filesOfStep(node, at, sources)))])
      : undefined,
    step: (at) =>
      textOfAll([...own.filter((problem) => stepOf(problem) === at), ...among(filesOfStep(node, at, sources))]),
  };
}

/** The place of the step that a problem concerns; undefined for the workflow as a whole. */
function stepOf({ path, whole }: FileProblem): number | undefined {
  const [, at] = /^pipeline\[(\d+)\]/.exec(path) ?? [];
  return at === undefined || whole ? undefined : Number(at);
}

/** The files beside the workflow's own that a step cannot do without. A sub-workflow that can be read fails by itself. */
function filesOfStep(node: WorkflowNode, at: number, sources: Sources): readonly string[] {
  const agent = linked(node.agents.get(at));
  const workflow = linked(node.workflows.get(at));
  const isUnreadable = workflow !== undefined && sources.workflows.get(workflow)?.value === undefined;
  const used = agent === undefined ? undefined : sources.agents.get(agent);
  return [
    ...(agent === undefined ? [] : [agent]),
    ...(used ? [...agentsBelow(used, sources)].flatMap((each) => [each.file, ...serverFiles(each, sources)]) : []),
    ...(isUnreadable ? [workflow] : []),
  ];
}

/** An agent, its sub-agents and theirs. */
function agentsBelow(agent: AgentNode, sources: Sources): Set<AgentNode> {
  const found = new Set([agent]);
  // A set gives those as well that are added on the way.
  for (const each of found)
    for (const at of each.subAgents.keys()) {
      const sub = subAgentOf(each, at, sources);
      if (sub) found.add(sub);
    }
  return found;
}

function serverFiles(agent: AgentNode, sources: Sources): readonly string[] {
  const files = (agent.value?.servers ?? []).flatMap(
    (_, at) => serverOf(agent, at, sources)?.file ?? linked(agent.servers.get(at)) ?? [],
  );
  return [...new Set(files)];
}

function textOfAll(problems: readonly FileProblem[]): string | undefined {
  if (problems.length === 0) return undefined;
  const more = problems.length > mostTold ? [`and ${problems.length - mostTold} more`] : [];
  return [...problems.slice(0, mostTold).map(problemText), ...more].join('\n');
}
