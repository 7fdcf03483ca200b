/** The address of an MCP server: a program to start, or a URL to call. */
import * as z from 'zod';
import { TroupeError } from '../values/failure.ts';
import { describeMismatch } from '../values/explain.ts';
import { isSourceName, localSource, sourceNameRule } from '../tools/toolNames.ts';

const name = z.string().refine((value) => isSourceName(value) && value !== localSource, {
  error: `expected ${sourceNameRule}, and not "${localSource}"`,
});
const texts = z.record(z.string(), z.string());

const ProgramAddress = z.strictObject({
  /** The name of the server: 1 to 32 of A-Z a-z 0-9 _ -. */
  name,
  /** The program to start. */
  command: z.string().min(1),
  /** Its arguments; none by default. */
  args: z.array(z.string()).default([]),
  /** Environment variables in addition to the few that every program gets (PATH, HOME and the like); no others of this process are passed on. */
  env: texts.default({}),
  /** The folder to start it in; the working directory by default. */
  cwd: z.string().optional(),
});
/** A program to start, with its defaults. */
export type ProgramAddress = z.infer<typeof ProgramAddress>;

const HttpAddress = z.strictObject({
  /** The name of the server: 1 to 32 of A-Z a-z 0-9 _ -. */
  name,
  /** The http or https URL to call. */
  url: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }),
  /** Headers of every request; none by default. */
  headers: texts.default({}),
  /** `http`: Streamable HTTP. `sse`: the older transport. By default the first, and the second when the server refuses the first. */
  transport: z.enum(['http', 'sse']).optional(),
});
/** A URL to call, with its defaults. */
export type HttpAddress = z.infer<typeof HttpAddress>;

/** The address of an MCP server: its name, and `command` or `url`. */
export type McpAddress = z.input<typeof ProgramAddress> | z.input<typeof HttpAddress>;

/** The checked address. Throws `definition` with what is missing. */
export function parseAddress(address: McpAddress): ProgramAddress | HttpAddress {
  const parsed = ('url' in address ? HttpAddress : ProgramAddress).safeParse(address);
  if (parsed.success) return withoutTwoLogins(parsed.data);
  // What stands in a URL may be secret, also where it is no URL.
  if (parsed.error.issues.some(({ path }) => path[0] === 'url'))
    throw new TroupeError(
      'definition',
      `The url of tool server ${JSON.stringify(address.name)}: expected an http or https address, such as https://example.com/mcp. What came is not shown, because it may be secret.`,
    );
  throw new TroupeError(
    'definition',
    `A tool server is { name, command, args?, env?, cwd? } or { name, url, headers?, transport? }; ${describeMismatch(parsed.error, address)}.`,
  );
}

/** A user and a password are sent in the header Authorization, so there cannot be another one. */
function withoutTwoLogins<Address extends ProgramAddress | HttpAddress>(address: Address): Address {
  if ('command' in address || !requestOf(address).login) return address;
  if (!Object.keys(address.headers).some((key) => key.toLowerCase() === 'authorization')) return address;
  throw new TroupeError(
    'definition',
    `The url of tool server "${address.name}" has a user and a password, which are sent in the header Authorization, and its headers have one too; only one can be sent. Take the part before "@" out of the url, or the header away.`,
  );
}

/** What is sent to a server: its URL without user and password, which `fetch` refuses, and its headers with them. */
export function requestOf({ url: written, headers }: HttpAddress): {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** `user:password`, when the URL has them. */
  readonly login?: string;
} {
  const url = new URL(written);
  const { username, password } = url;
  if (username === '' && password === '') return { url, headers };
  const login = `${decoded(username)}:${decoded(password)}`;
  url.username = url.password = '';
  return { url, login, headers: { ...headers, authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign that begins no code stands for itself.
  }
}

/** Secrets that no message may contain: the values of headers and variables, and the user, password and query of a URL. */
export function secretsInAddress(address: ProgramAddress | HttpAddress): readonly string[] {
  if ('command' in address) return longEnough(Object.values(address.env));
  const { username, password, search, searchParams } = new URL(address.url);
  const { headers, login = '' } = requestOf(address);
  const values = Object.values(headers);
  const inUrl = [username, password, search, login, ...login.split(':'), ...searchParams.values()];
  return longEnough([...values, ...values.flatMap((value) => value.split(/\s+/)), ...inUrl]);
}

const longEnough = (values: readonly string[]) => [...new Set(values)].filter((value) => value.length >= 6);

/** A readable address without secrets: the program, or the origin and path of the URL. */
export function redactedAddress(address: ProgramAddress | HttpAddress): string {
  if ('command' in address) return address.command;
  const { origin, pathname } = new URL(address.url);
  return origin + pathname;
}
