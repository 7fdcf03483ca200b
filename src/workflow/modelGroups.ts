/** The model groups that a workflow replaces: its policy says which, and a run has one root whose policy holds for all of it. */
import type { WorkflowDefinition } from '../contracts/workflow/definition.ts';

type Policy = WorkflowDefinition['policy'];

/** The group that is used in place of another one. */
export const replacedGroup = ({ forceGroup, groupMap = {} }: Policy, group: string): string =>
  forceGroup ?? (Object.hasOwn(groupMap, group) ? (groupMap[group] ?? group) : group);

/** The policy of a sub-workflow in a run of this root: what the sub-workflow has put in place of a group, the root replaces in turn. */
export function policyWithin(root: Policy, own: Policy): Policy {
  const forced = root.forceGroup ?? (own.forceGroup === undefined ? undefined : replacedGroup(root, own.forceGroup));
  const mapped = Object.entries(own.groupMap ?? {}).map(([from, to]) => [from, replacedGroup(root, to)] as const);
  const groupMap = { ...root.groupMap, ...Object.fromEntries(mapped) };
  return {
    ...own,
    ...(forced === undefined ? {} : { forceGroup: forced }),
    ...(Object.keys(groupMap).length === 0 ? {} : { groupMap }),
  };
}
