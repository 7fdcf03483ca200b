/** `troupe run`: loads a definition, starts it or joins it, and follows it. */
import type { JsonObject } from '../contracts/json.ts';
import type { Cli } from './cli.ts';
import { drive } from './drive.ts';
import { inputFrom } from './input.ts';
import { load } from './load.ts';
import { runtimeOptions, type RunShared } from './options.ts';

export interface RunOptions extends RunShared {
  readonly input?: string;
  readonly set: readonly string[];
  readonly key?: string;
  readonly deadline?: number;
}

export async function run(cli: Cli, path: string, options: RunOptions): Promise<number> {
  const { key, deadline } = options;
  const input = await inputFrom(cli, options.input, options.set);
  const { file, subject, made } = await load(cli.cwd, path, input);
  // What `runs resume` needs to load the same definition again.
  const meta: JsonObject = { file, ...(made ? { args: input ?? {} } : {}) };
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const begin = () =>
    runtime.start(subject, input ?? {}, {
      meta,
      ...(key === undefined ? {} : { key }),
      ...(deadline === undefined ? {} : { deadline }),
    });
  return await drive(cli, runtime, begin, options);
}
