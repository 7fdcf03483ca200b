/** `troupe invoke`: runs a definition that a node offers, and prints the result. The definition need not be on this machine. */
import type { Cli } from '../cli.ts';
import { clusterOf } from './cluster.ts';
import { visible } from '../../observe/format.ts';
import { exit } from '../exit.ts';
import { inputFrom } from '../input.ts';
import type { Shared } from '../options.ts';
import { say, writeJson, writeResult } from '../output/write.ts';
import { howToAnswer } from '../output/ticketText.ts';

/** The options of `troupe invoke`. */
export interface InvokeOptions extends Shared {
  /** The input, as `inputFrom` reads it. */
  readonly input?: string;
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** The id of the run; a new one by default. */
  readonly key?: string;
  /** Only starts the run; false by default. */
  readonly detach?: boolean;
  /** How long to wait for the result, in milliseconds; 10 minutes by default. */
  readonly within?: number;
}

/** Starts the run, or joins it, and waits for its result. Resolves to the exit code. */
export async function invoke(cli: Cli, name: string, options: InvokeOptions): Promise<number> {
  const { key, detach, within, json } = options;
  const { input } = await inputFrom(cli, options.input, options.set);
  await using cluster = await clusterOf(cli, options);
  const { run, ...outcome } = await cluster.invoke(name, input ?? (key === undefined ? {} : undefined), {
    ...(key === undefined ? {} : { key }),
    ...(detach ? { detach } : {}),
    ...(within === undefined ? {} : { within }),
  });
  if (json) writeJson(cli.out, { run, ...outcome });
  switch (outcome.status) {
    case 'active':
      if (!json) cli.out.write(`${run}\n`);
      say(cli, `The run ${run} goes on at the nodes. Ask for its result with: troupe invoke ${name} --key ${run}`);
      return exit.done;
    case 'done':
      if (!json) writeResult(cli.out, outcome.output);
      return exit.done;
    case 'failed':
      say(cli, `The run ${run} failed (${outcome.failure.kind}): ${visible(outcome.failure.message)}`);
      return exit.failed;
    case 'cancelled':
      say(cli, `The run ${run} was cancelled: ${visible(outcome.reason)}`);
      return exit.failed;
    case 'waiting':
      say(cli, `The run ${run} waits for a person.`);
      for (const ticket of outcome.tickets) say(cli, howToAnswer(ticket, ''));
      return exit.waiting;
  }
}
