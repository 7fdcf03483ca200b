/** The states a snapshot is in, parents included. */
import { getStateNodes, type AnyMachineSnapshot, type AnyStateNode } from 'xstate';

export const nodesOf = ({ machine, value }: AnyMachineSnapshot): readonly AnyStateNode[] => [
  machine.root as AnyStateNode,
  ...getStateNodes(machine.root as AnyStateNode, value),
];
