/** The values of a secret, from `--value KEY=value`, or from the environment, a person or stdin for `--value KEY`. */
import { isSecretKey } from '../secrets/accepted.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';
import { writeMessage } from './output/write.ts';

const forms =
  'KEY=value, or KEY alone for a value from the environment or stdin; KEY is named like an environment variable';

/** The values by key. They are masked in all messages from then on. Throws `UsageError`, which does not have what came: it may be a value. */
export async function readSecretValues(cli: Cli, given: readonly string[]): Promise<Record<string, string>> {
  const parts = given.map((text, index) => partsOf(text, index));
  cli.mask.hide(parts.flatMap(({ value = '' }) => (value === '' ? [] : [value])));
  if (parts.length === 0) throw new UsageError(`A secret needs at least one --value: ${forms}.`);
  const keys = parts.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  if (twice !== undefined) throw new UsageError(`--value is given twice for ${twice}. Give each key once.`);

  const values: Record<string, string> = {};
  const read = elsewhere(cli);
  for (const { key, value } of parts) values[key] = value ?? (await read(key));
  cli.mask.hide(Object.values(values));
  if (cli.isInteractive && parts.some(({ value }) => value !== undefined))
    writeMessage(cli, 'Your shell keeps this line in its history. --value KEY alone asks for the value instead.');
  return values;
}

function partsOf(text: string, index: number): { readonly key: string; readonly value?: string } {
  const [key = '', ...rest] = text.split('=');
  if (!isSecretKey(key))
    throw new UsageError(`--value expects ${forms}. What stands before "=" in number ${index + 1} is no such name.`);
  return rest.length === 0 ? { key } : { key, value: rest.join('=') };
}

/** Reads values that are not in the command line: of the environment first, then from a person, or else from stdin, which holds one. */
function elsewhere(cli: Cli): (key: string) => Promise<string> {
  let onStdin: string | undefined;
  return async (key) => {
    const inEnv = cli.env[key];
    if (inEnv) {
      writeMessage(cli, `${key} is taken from the environment.`);
      return inEnv;
    }
    if (cli.isInteractive) {
      const line = await cli.ask(`${key} (it is not shown): `, new AbortController().signal, { hidden: true });
      if (line !== undefined) return line;
      throw new UsageError(`No value was given for ${key}; nothing was changed.`);
    }
    if (onStdin !== undefined)
      throw new UsageError(
        `${onStdin} and ${key} are not in the environment, and stdin can give one of them. Set the others in the environment.`,
      );
    onStdin = key;
    // Such as `echo` and editors write it.
    return (await cli.readAll()).replace(/\r?\n$/, '');
  };
}
