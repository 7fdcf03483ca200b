/** The address of a server may say who we are to it, `nats://user:password@host`: that is taken out of it, and an address can be shown to anybody. */

export interface Addressed {
  /** Without what was secret. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** From `nats://token@host`. */
  readonly token?: string;
}

/** Of one address or more, in a list or with commas between. What the first one with a name says holds for all. */
export function addressed(servers: string | readonly string[]): Addressed {
  const all = [servers]
    .flat()
    .flatMap((each) => each.split(','))
    .map((each) => each.trim())
    .map((each) => /^([a-z]+:\/\/)?(?:(.*)@)?(.*)$/s.exec(each)!)
    .map(([, scheme = '', name, place = '']) => ({ name, server: scheme + place }));
  const said = all.find(({ name }) => name !== undefined)?.name;
  return { servers: all.map(({ server }) => server), ...(said === undefined ? {} : nameIn(said)) };
}

function nameIn(said: string): Omit<Addressed, 'servers'> {
  const [first = '', ...rest] = said.split(':');
  return rest.length === 0 ? { token: decoded(first) } : { user: decoded(first), password: decoded(rest.join(':')) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A "%" that means itself.
  }
}
