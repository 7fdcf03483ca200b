/** Agents with scripted models, as members of orchestrators. */
import { agent } from 'troupe';
import { scriptedModel, type ScriptedModelStep } from 'troupe/testing';

const textOf = (message: unknown): string => (message as { text?: string }).text ?? '';

/** Answers with its name and its input. It depends on the conversation only, so it survives a restart. */
export const echo = (name: string) =>
  agent({
    name,
    model: scriptedModel(({ messages }) => ({ text: `${name}: ${textOf(messages[0])}` })),
  });

/** One answer for every call, in order. */
export const scripted = (name: string, steps: readonly ScriptedModelStep[]) =>
  agent({ name, model: scriptedModel(steps), limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 } });

/** Always fails, with a kind that takes a member out of rotation. */
export const broken = (name: string) =>
  agent({
    name,
    model: scriptedModel(() => ({ error: { kind: 'transient', message: `${name} is away.` } })),
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
  });

/** Never answers. */
export const silent = (name: string) => agent({ name, model: scriptedModel(() => ({ hang: true })) });
