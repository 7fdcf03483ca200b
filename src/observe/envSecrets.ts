/** Finds the secrets in the environment of a process. */

/** The values of variables whose names look like those of secrets; only values of at least 8 characters, since shorter ones would mask ordinary words. */
export const secretsInEnv = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value && value.length >= 8 && /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i.test(name) ? [value] : [],
  );
