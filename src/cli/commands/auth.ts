/** `troupe auth`: makes, lists, replaces and removes the tokens with which programs reach a control server on this journal. */
import { dirname, join, resolve } from 'node:path';
import { accessTokens } from '../../doors/http/control/accessTokens.ts';
import type { TokenInfo } from '../../contracts/client/tokens.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { formatTime, writeJson, writeMessage, writeTable } from '../output/write.ts';

/** The options of every command for tokens. */
export interface AuthOptions {
  /** The file of the journal whose folder has the tokens; TROUPE_DB by default, else `.troupe/troupe.db`. */
  readonly db?: string;
  /** Prints JSON; false by default. */
  readonly json?: boolean;
}

function open(cli: Cli, { db = cli.env['TROUPE_DB'] ?? '.troupe/troupe.db' }: AuthOptions) {
  const journal = resolve(cli.cwd, db === 'memory' ? '.troupe/troupe.db' : db);
  return accessTokens(join(dirname(journal), 'tokens'), cli.clock);
}

/** Makes a token, and prints it: it is shown only now. */
export async function createToken(
  cli: Cli,
  name: string,
  options: AuthOptions & { readonly expiresIn?: string },
): Promise<number> {
  const { expiresIn } = options;
  return show(cli, await open(cli, options).create(name, expiresIn === undefined ? {} : { expiresIn }), options);
}

/** Makes a new token under a name, and prints it. The one before stops working, at once unless it is kept. */
export async function rotateToken(
  cli: Cli,
  name: string,
  options: AuthOptions & { readonly keepFor?: string },
): Promise<number> {
  const { keepFor } = options;
  return show(cli, await open(cli, options).rotate(name, keepFor === undefined ? {} : { keepFor }), options);
}

/** Lists the tokens, without the tokens themselves. */
export async function listTokens(cli: Cli, options: AuthOptions): Promise<number> {
  const tokens = await open(cli, options).list();
  if (options.json) writeJson(cli.out, tokens);
  else if (tokens.length === 0) writeMessage(cli, 'There are no tokens. Make one with: troupe auth create ci');
  else
    writeTable(
      cli.out,
      ['NAME', 'MADE', 'EXPIRES'],
      tokens.map(({ name, created_at, expires_at }) => [
        name,
        formatTime(created_at),
        expires_at === undefined ? 'never' : formatTime(expires_at),
      ]),
    );
  return exitCodes.done;
}

/** Removes a token, which stops working at once. */
export async function deleteToken(cli: Cli, name: string, options: AuthOptions): Promise<number> {
  await open(cli, options).delete(name);
  if (options.json) writeJson(cli.out, { deleted: name });
  else writeMessage(cli, `Removed the token "${name}".`);
  return exitCodes.done;
}

function show(cli: Cli, token: TokenInfo & { readonly token: string }, { json }: AuthOptions): number {
  if (json) writeJson(cli.out, token);
  else {
    writeMessage(cli, `The token "${token.name}". It is shown only now:`);
    cli.out.write(`${token.token}\n`);
  }
  return exitCodes.done;
}
