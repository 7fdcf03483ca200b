/** The states that a snapshot is in. */
import { getStateNodes, type AnyMachineSnapshot, type AnyStateNode } from 'xstate';

/** The active state nodes of a snapshot, the root and every parent included. */
export const nodesOf = ({ machine, value }: AnyMachineSnapshot): readonly AnyStateNode[] => {
  const root: AnyStateNode = machine.root;
  return [root, ...getStateNodes(root, value)];
};
