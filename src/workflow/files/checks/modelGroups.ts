/** Checks that gateway.yaml has the model groups that workflows name, and those that they put in their place. */
import { nearestName } from '../../../values/options.ts';
import { replacedGroup } from '../../modelGroups.ts';
import { policyOf } from '../define/workflow.ts';
import type { FileProblem } from '../problem.ts';
import type { WorkflowNode } from '../project/sources.ts';
import type { CheckContext } from './context.ts';

type Path = readonly PropertyKey[];
type GroupContext = Pick<CheckContext, 'sources' | 'groups'>;

/** The group of a step, unless the workflow puts another one in its place: that is checked where it is written. */
export function checkGroupOfStep(node: WorkflowNode, path: Path, group: string, context: GroupContext): FileProblem[] {
  return replacedGroup(policyOf(node.value), group) === group ? checkGroup(node, path, group, context) : [];
}

/** The groups that a workflow puts in the place of others. */
export function checkReplacedGroups(node: WorkflowNode, context: GroupContext): FileProblem[] {
  const { force_group: forced, group_map: map } = node.value?.model_policy ?? {};
  return [
    ...(forced == null ? [] : checkGroup(node, ['model_policy', 'force_group'], forced, context)),
    ...Object.entries(map ?? {}).flatMap(([from, to]) =>
      checkGroup(node, ['model_policy', 'group_map', from], to, context),
    ),
  ];
}

function checkGroup(node: WorkflowNode, path: Path, group: string, { sources, groups }: GroupContext): FileProblem[] {
  if (!groups || groups.has(group)) return [];
  // A root may replace the groups of its sub-workflows: one that any other workflow replaces is not missed.
  const others = node.value?.visibility === 'sub-workflow' ? [...sources.workflows.values()] : [];
  if (others.some((other) => other !== node && replacedGroup(policyOf(other.value), group) !== group)) return [];
  const meant = nearestName(group, [...groups]);
  const more = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return [
    node.yaml.problem(path, `gateway.yaml has no model group "${group.slice(0, 80)}".${more}`, { deferred: true }),
  ];
}
