/** `troupe secrets`: sets, shows, lists and removes the secrets beside the journal, and encrypts them with a new key. */
import { escapeControls } from '../../observe/format.ts';
import type { SecretSummary } from '../../secrets/secretStore.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { openStore } from '../openStore.ts';
import { formatAge, writeJson, writeMessage, writeTable } from '../output/write.ts';
import { readSecretValues } from '../secretValues.ts';

/** The options of every command for secrets. */
export interface SecretsOptions {
  /** The file of the journal whose folder has the secrets; TROUPE_DB by default, else `.troupe/troupe.db`. */
  readonly db?: string;
  /** Prints JSON; false by default. */
  readonly json?: boolean;
}

const open = (cli: Cli, options: SecretsOptions) =>
  openStore(cli, options, (path) =>
    writeMessage(cli, `Made the key file ${path}. Keep a copy in a safe place: without it the secrets are lost.`),
  );

/** The options of `troupe secrets set`. */
export interface SetSecretCommandOptions extends SecretsOptions {
  /** `KEY=value`, or `KEY` for a value from elsewhere. */
  readonly value: readonly string[];
  /** Makes a new secret public; private by default, and as before for one that there is. */
  readonly public?: boolean;
  /** Makes a public secret private. */
  readonly private?: boolean;
}

/** Makes a secret, or adds keys to it. */
export async function setSecret(cli: Cli, name: string, options: SetSecretCommandOptions): Promise<number> {
  const values = await readSecretValues(cli, options.value);
  const visibility = options.public ? { private: false } : options.private ? { private: true } : {};
  const change = await open(cli, options).set(name, values, visibility);
  if (options.json) writeJson(cli.out, change);
  else
    writeMessage(
      cli,
      `${change.isNew ? 'Made' : 'Changed'} the secret "${name}", which is ${visibilityOf(change)} and has ${change.keys.join(', ')}.`,
    );
  return exitCodes.done;
}

/** Shows a secret, with its values only when that is asked for. */
export async function showSecret(
  cli: Cli,
  name: string,
  options: SecretsOptions & { readonly showValues?: boolean },
): Promise<number> {
  const { values, ...summary } = await open(cli, options).get(name);
  if (options.json) writeJson(cli.out, options.showValues ? { ...summary, values } : summary);
  else if (options.showValues)
    for (const key of summary.keys) cli.out.write(`${key}=${shown(cli, values[key] ?? '')}\n`);
  else {
    const now = cli.clock.now();
    cli.out.write(
      `${name}: ${visibilityOf(summary)}, made ${formatAge(now, summary.created)}, set ${formatAge(now, summary.updated)}\n`,
    );
    for (const key of summary.keys) cli.out.write(`  ${key}\n`);
    writeMessage(cli, 'Its values are shown with --show-values.');
  }
  return exitCodes.done;
}

/** Lists secrets, without their values. */
export async function listSecrets(
  cli: Cli,
  options: SecretsOptions & { readonly page: number; readonly size: number },
): Promise<number> {
  const listed = await open(cli, options).list({ page: options.page, size: options.size });
  const { secrets, total, page, size } = listed;
  const pages = Math.ceil(total / size);
  if (options.json) writeJson(cli.out, listed);
  else if (total === 0) writeMessage(cli, 'No secrets. Set one with: troupe secrets set NAME --value API_KEY');
  else if (secrets.length === 0) writeMessage(cli, `There is no page ${page}; the last one is ${pages}.`);
  else {
    const now = cli.clock.now();
    writeTable(
      cli.out,
      ['NAME', 'VISIBILITY', 'SET', 'KEYS'],
      secrets.map((each) => [each.name, visibilityOf(each), formatAge(now, each.updated), each.keys.join(', ')]),
    );
    if (page < pages) writeMessage(cli, `Page ${page} of ${pages}; the next one is shown with --page ${page + 1}.`);
  }
  return exitCodes.done;
}

/** Removes a secret. */
export async function deleteSecret(cli: Cli, name: string, options: SecretsOptions): Promise<number> {
  await open(cli, options).delete(name);
  if (options.json) writeJson(cli.out, { name, deleted: true });
  else writeMessage(cli, `Removed the secret "${name}".`);
  return exitCodes.done;
}

/** Encrypts all secrets with a new key. */
export async function rotateSecrets(cli: Cli, options: SecretsOptions): Promise<number> {
  const rotation = await open(cli, options).rotate();
  const { secrets, key, formerKeys } = rotation;
  if (options.json) writeJson(cli.out, rotation);
  else {
    writeMessage(
      cli,
      `${secrets === 1 ? 'The secret is' : `All ${secrets} secrets are`} encrypted with the key ${key} now.`,
    );
    const former = formerKeys.join(', ');
    if (cli.env['TROUPE_SECRETS_KEY'] !== undefined)
      writeMessage(cli, `Take ${former} out of TROUPE_SECRETS_KEY once every process was started with the new one.`);
    else
      writeMessage(
        cli,
        `The key file keeps ${former} as well, for other projects and for copies of older files. Delete its line when nothing needs it.`,
      );
  }
  return exitCodes.done;
}

const visibilityOf = ({ private: isPrivate }: Pick<SecretSummary, 'private'>) => (isPrivate ? 'private' : 'public');

/** On a terminal a value must not move the cursor. */
const shown = ({ out }: Cli, value: string): string => (out.isTTY ? escapeControls(value) : value);
