/** `troupe artifacts list` and `get` for flows: the values that their calls have saved and given. */
import { resolve } from 'node:path';
import type { TroupeClient } from '../../client/index.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { openClient } from '../openClient.ts';
import type { CommonOptions } from '../options.ts';
import { writeArtifacts } from '../output/executionText.ts';
import { writeJson, writeMessage, writeOutput } from '../output/write.ts';
import { saveFile } from '../saveFile.ts';

/** Which artifacts of a flow are listed. */
export interface FlowArtifactOptions extends CommonOptions {
  readonly name?: string;
  readonly kind?: string;
  readonly producingCall?: string;
  /** How many; 100 by default. */
  readonly limit?: number;
  readonly cursor?: string;
}

/** Lists the artifacts of a flow. */
export async function listFlowArtifacts(
  cli: Cli,
  client: TroupeClient,
  run: string,
  { name, kind, producingCall, limit, cursor, json }: FlowArtifactOptions,
): Promise<number> {
  const { items, next } = await client.artifacts.list(run, {
    ...(name === undefined ? {} : { name }),
    ...(kind === undefined ? {} : { kind }),
    ...(producingCall === undefined ? {} : { producing_call: producingCall }),
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (json) writeJson(cli.out, items);
  else if (items.length === 0) writeMessage(cli, `${run} has no such artifacts.`);
  else writeArtifacts(cli.out, items);
  if (next !== undefined) writeMessage(cli, `There are more: --cursor ${next}`);
  return exitCodes.done;
}

/** The options of `troupe artifacts get`. */
export interface GetArtifactOptions extends CommonOptions {
  /** The file to write; the content is printed by default. */
  readonly out?: string;
  /** Replaces a file that is there already; false by default. */
  readonly force?: boolean;
}

/** Prints the content of an artifact, or writes it to a file piece by piece. With `--json` it is printed with what is known of it. */
export async function getArtifact(cli: Cli, id: string, options: GetArtifactOptions): Promise<number> {
  await using opened = await openClient(cli, options);
  const { artifacts } = opened.client;
  if (options.out !== undefined) {
    const path = resolve(cli.cwd, options.out);
    await saveFile(path, artifacts.read(id), { force: options.force ?? false });
    if (options.json) writeJson(cli.out, { artifact_id: id, file: path });
    else writeMessage(cli, escapeControls(`Saved ${id} to ${path}.`));
    return exitCodes.done;
  }
  const artifact = await artifacts.get(id);
  if (options.json) writeJson(cli.out, artifact);
  else if (artifact.value_format === 'base64')
    throw new UsageError(`${id} is ${artifact.bytes} bytes that are no text. Write it to a file with --out FILE.`);
  else writeOutput(cli.out, artifact.value);
  return exitCodes.done;
}
