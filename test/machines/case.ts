/** A machine as the laws see it. Every case that a file in `cases/` exports, alone or in a list, is asked every law. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AnyEventObject, AnyStateMachine } from 'xstate';

export interface Case {
  /** The name of the export unless told otherwise. */
  readonly name?: string;
  /** Several cases of one name are sides of one chart, each with its own events; together they pass every state. */
  readonly side?: string;
  /** It lives until it is told to stop: it may rest with nothing but signals to wait for. */
  readonly service?: boolean;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** A sample of every event the machine can meet. Ends of children are only offered while that child is there. */
  readonly events: readonly AnyEventObject[];
  /** The part of context that decides behaviour; it keeps the walk finite. */
  key(context: never): unknown;
}

const folder = resolve(import.meta.dirname, 'cases');
const modules = await Promise.all(
  readdirSync(folder).map(
    (file) => import(`./cases/${file.slice(0, -3)}.ts`) as Promise<Record<string, Case | readonly Case[]>>,
  ),
);

/** All of them, each with its name. */
export const cases = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, exported]) =>
    [exported].flat().map((each) => ({ name, ...each }) as Case & { name: string }),
  ),
);
