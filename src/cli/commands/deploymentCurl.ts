/** `troupe deployments curl`: the request that runs a version over HTTP, as a command for a shell. */
import type { VersionChoice } from '../../deployments/names.ts';
import type { Json } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import type { Cli } from '../cli.ts';
import { deploymentPlace } from '../deploymentPlace.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { writeJson } from '../output/write.ts';
import { chosenBy, type DeploymentOptions } from './deployments.ts';

/** Prints a command for a shell that runs a version over HTTP and waits for its result. The token is named, and not printed. */
export async function curlDeployment(
  cli: Cli,
  name: string,
  options: DeploymentOptions & VersionChoice & { orchestrator?: string },
): Promise<number> {
  const { deployments } = deploymentPlace(cli, options);
  const { name: id, version, tag } = chosenBy(name, options);
  const { defaults, schema } = await deployments.get(id, { version, tag });
  const url = options.orchestrator ?? (cli.env['TROUPE_ORCHESTRATOR_URL'] || 'http://127.0.0.1:5050');
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw new UsageError(`--orchestrator is an address such as http://127.0.0.1:5050; got ${JSON.stringify(url)}.`);
  const target = new URL(`/deployments/${id}/invoke`, url);
  target.searchParams.set('wait', '60s');
  if (version !== undefined) target.searchParams.set('version', String(version));
  if (tag !== undefined) target.searchParams.set('tag', tag);
  const text = JSON.stringify(defaults ?? sampleOf(schema));
  const lines = [
    `curl -sS -X POST ${quoted(target.href)}`,
    `-H 'Content-Type: application/json'`,
    `-H "Authorization: Bearer $TROUPE_HTTP_TOKEN"`,
    `-d ${quoted(text)}`,
  ];
  if (options.json) writeJson(cli.out, { method: 'POST', url: target.href, body: JSON.parse(text) as Json });
  else cli.out.write(`${lines.join(' \\\n  ')}\n`);
  return exitCodes.done;
}

/** A text, or an object with the properties that must be there. */
const sampleOf = (schema: Json | undefined): Json => {
  const { type, required } = propertiesOf(schema);
  if (type === 'string') return '…';
  return Object.fromEntries((Array.isArray(required) ? required : []).map((field) => [String(field), '…']));
};

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
