/** Tenants share a server and nothing else. A tenant's name is a token of every subject that it uses. */
import { TroupeError } from '../values/failure.ts';

/** Returns the name. Throws `invalid` unless it is 1 to 64 of a-z, 0-9, "_" and "-", with a letter or digit first. */
export function requireTenant(tenant: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(tenant)) return tenant;
  throw new TroupeError(
    'invalid',
    `A tenant is a name of a-z, 0-9, "_" and "-", up to 64 characters; got ${JSON.stringify(tenant)}.`,
  );
}
