/** The actor of a flow: its chart with its body, and the actors of its children. */
import type { AnyStateMachine } from 'xstate';
import { flowWith } from '../../machines/flow/flow.ts';
import { defaultFlowSettings } from '../../machines/flow/settings.ts';
import { milliseconds } from '../../src/values/duration.ts';
import { withActors } from '../withActors.ts';
import { bodyEffect, type FlowBodies } from './body.ts';
import type { FlowDeps } from './deps.ts';

/** The name under which the machine of a child is provided. */
export const flowChildName = (name: string): string => `child.${name}`;

/** The machine of a flow with every slot filled. `children`: by the names under which they are provided. */
export const flowActor = (
  deps: FlowDeps,
  bodies: FlowBodies,
  children: Readonly<Record<string, AnyStateMachine>>,
): AnyStateMachine => {
  const { deadline } = deps.flow.options;
  const settings = { ...defaultFlowSettings, ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }) };
  return withActors(flowWith(settings), { body: bodyEffect(deps, bodies), ...children });
};
