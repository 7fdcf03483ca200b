/** A machine with its events, for the machine laws. Every case that a file in `cases/` exports, alone or in a list, is tested against every law. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AnyEventObject, AnyStateMachine } from 'xstate';

export interface Case {
  /** Default: the name of the export. */
  readonly name?: string;
  /** Several cases with one name are sides of one chart, each with its own events; together they visit every state. */
  readonly side?: string;
  /** The name of another chart that this one is a variant of: only the states and transitions that the other has not are demanded. */
  readonly variantOf?: string;
  /** True when the machine runs until it is stopped: it may wait for signals alone. */
  readonly service?: boolean;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** A sample of every event the machine can get. The end of a child is only sent while that child is active. */
  readonly events: readonly AnyEventObject[];
  /** Whether the machine has raised an event with a delay, which is a timer that no state shows. Never by default. */
  hasTimer?(context: never): boolean;
  /** The part of the context that decides behaviour; it keeps the exploration finite. */
  key(context: never): unknown;
}

const folder = resolve(import.meta.dirname, 'cases');
const modules = await Promise.all(
  readdirSync(folder).map(
    (file) => import(`./cases/${file.slice(0, -3)}.ts`) as Promise<Record<string, Case | readonly Case[]>>,
  ),
);

/** Coverage judges every machine by itself, and a variant has no tests but these: what only it has is demanded by the laws and the paths. */
const withVariants = process.env['TROUPE_COVER_BASE'] === undefined;

/** All cases, each with its name. */
export const cases = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, exported]) =>
    [exported]
      .flat()
      .filter(({ variantOf }) => withVariants || variantOf === undefined)
      .map((each) => ({ name, ...each }) as Case & { name: string }),
  ),
);
