/** The URL of a NATS server may hold credentials, `nats://user:password@host`. They are taken out, so that the URL can be shown. */

/** URLs of servers and the credentials that were in them. */
export interface ServerUrls {
  /** The URLs without credentials. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** From `nats://token@host`. */
  readonly token?: string;
}

/** Takes one URL or more, as a list or separated by commas. The credentials of the first URL that has some hold for all. */
export function parseServerUrls(servers: string | readonly string[]): ServerUrls {
  const all = [servers]
    .flat()
    .flatMap((each) => each.split(','))
    .map((each) => partsOf(each.trim()));
  const userInfo = all.find((parts) => parts.userInfo !== undefined)?.userInfo;
  return { servers: all.map(({ server }) => server), ...(userInfo === undefined ? {} : credentialsIn(userInfo)) };
}

/** Splits `scheme://userInfo@host`; scheme and user info may be missing. */
function partsOf(url: string): { server: string; userInfo: string | undefined } {
  const [, scheme = '', userInfo, host = ''] = /^([a-z]+:\/\/)?(?:(.*)@)?(.*)$/s.exec(url) ?? [];
  return { server: scheme + host, userInfo };
}

function credentialsIn(userInfo: string): Omit<ServerUrls, 'servers'> {
  const [first = '', ...rest] = userInfo.split(':');
  return rest.length === 0 ? { token: decoded(first) } : { user: decoded(first), password: decoded(rest.join(':')) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // It holds a "%" that encodes nothing.
  }
}
