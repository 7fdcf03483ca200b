/** The settings that an orchestrator's machine is made with. */
import { defaultRouterSettings, type RouterSettings } from '../../machines/router/settings.ts';
import { milliseconds } from '../values/duration.ts';
import { concurrencyOf } from '../contracts/executionMode.ts';
import type { Orchestrator } from './orchestratorDefinition.ts';
import { memberProfile } from './memberProfile.ts';

/** Options with their defaults, all times in milliseconds. */
export function orchestratorSettings({ members, router, mode, guardrails, options }: Orchestrator): RouterSettings {
  const { budget = {}, retry, rotation = {}, deadline, grace } = options;
  const { maxConcurrentTasks = null, maxTotalSteps = null, maxTotalTasks = null } = budget;
  const { within, rest, ...counts } = rotation;
  const { rotation: rotationDefaults } = defaultRouterSettings;
  return {
    ...defaultRouterSettings,
    members: members.map(memberProfile),
    strategy: router.strategy,
    entry: guardrails.length > 0 ? 'guard' : 'direct',
    mode,
    places: concurrencyOf,
    limits: { maxConcurrentTasks, maxTotalSteps, maxTotalTasks },
    ...(retry ? { retry } : {}),
    rotation: {
      ...rotationDefaults,
      ...counts,
      ...(within === undefined ? {} : { within: milliseconds(within) }),
      ...(rest === undefined ? {} : { rest: rest === 'never' ? null : milliseconds(rest) }),
    },
    ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }),
    ...(grace === undefined ? {} : { grace: milliseconds(grace) }),
  };
}
