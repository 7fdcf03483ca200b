/** The accounts in the server's configuration: one for each tenant, and one for each of its guests. */
import { connectionLimits, storageLimits, type AllLimits, type TenantLimits } from './limits.ts';
import { guestRoles, exportsForRole, memberRoles, permissions, type AccountExport } from './roles.ts';

/** By tenant and role: the public key. Nothing in it is secret. */
export type PublicKeys = Readonly<Record<string, Readonly<Record<string, string>>>>;

type Entries = Record<string, unknown>;

/** The text of `accounts.conf`. Objects are written as JSON, which the server reads. */
export function accountsConf(keys: PublicKeys, limits: AllLimits = {}): string {
  const accounts = Object.fromEntries(
    Object.entries(keys).flatMap(([tenant, roles]) => accountsOf(tenant, roles, limits[tenant] ?? {})),
  );
  return `# Written by "troupe nats-config" from roles.json and limits.json; changes here are lost. Public keys only: nothing in it is secret.\naccounts: ${JSON.stringify(accounts, null, 2)}\n`;
}

function accountsOf(tenant: string, roles: PublicKeys[string], tenantLimits: TenantLimits): [string, Entries][] {
  const connected = connectionLimits(tenantLimits);
  const limits = connected ? { limits: connected } : {};
  const guests = Object.keys(roles).flatMap((role) => {
    const exported = exportsForRole(tenant, role);
    return exported ? [{ role, account: `${tenant}/${role}`, exported }] : [];
  });
  const users = (names: readonly string[]) => names.flatMap((name) => userOf(tenant, name, roles[name]));
  return [
    [
      tenant,
      { jetstream: storageLimits(tenantLimits), ...limits, users: users(memberRoles), exports: exportsTo(guests) },
    ],
    ...guests.map(({ role, account, exported }): [string, Entries] => [
      account,
      { ...limits, users: users([role]), imports: exported.map((each) => importOf(tenant, each)) },
    ]),
  ];
}

function userOf(tenant: string, role: string, nkey: string | undefined): Entries[] {
  if (nkey === undefined) return [];
  const allowed = permissions(tenant, role, nkey);
  if (!allowed) return [{ nkey }];
  const { publish, subscribe } = allowed;
  return [{ nkey, permissions: { publish: { allow: publish }, subscribe: { allow: subscribe } } }];
}

function exportsTo(guests: readonly { account: string; exported: readonly AccountExport[] }[]): Entries[] {
  return guests.flatMap(({ account, exported }) =>
    exported.map((each) => {
      if ('stream' in each) return { stream: each.stream, accounts: [account] };
      const { service, timeout } = each;
      return { service, accounts: [account], ...(timeout === undefined ? {} : { response_threshold: timeout }) };
    }),
  );
}

const importOf = (tenant: string, each: AccountExport): Entries =>
  'stream' in each
    ? { stream: { account: tenant, subject: each.stream } }
    : { service: { account: tenant, subject: each.service }, to: each.as };

/** The roles of every tenant, whatever its files define. */
export const defaultRoles: readonly string[] = [...memberRoles, ...guestRoles];
