/** What Node gives the core: SHA-256 and the trace of steps; and actor types that are built with both. */
import { createHash } from 'node:crypto';
import type { AnyStateMachine } from 'xstate';
import { defineActorType, type ActorType, type ActorTypeOptions } from '../core/actorType.ts';
import type { Platform } from '../core/platform.ts';
import { stepTrace } from './trace.ts';

/** SHA-256 by `node:crypto`, the trace by a diagnostics channel. */
export const nodePlatform: Platform = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  trace: stepTrace,
};

/** Checks a machine once, when its type is defined. Throws `definition` or `unsupported`. */
export const actorType = (machine: AnyStateMachine, options: ActorTypeOptions = {}): ActorType =>
  defineActorType(machine, options, nodePlatform);
