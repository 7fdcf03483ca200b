/** Finds the secrets in the environment of a process. */

/** Shorter values would mask ordinary words. */
const shortest = 8;
const secretName = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

/** The values of variables whose names look like those of secrets, and what is secret in addresses: a password, and parameters with such names. */
export const secretsInEnv = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(env).flatMap(([name, value]) => {
    if (!value || value.length < shortest) return [];
    return secretName.test(name) ? [value] : secretsInAddress(value);
  });

function secretsInAddress(text: string): string[] {
  if (!/^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return [];
  const { password, searchParams } = new URL(text);
  const inQuery = [...searchParams].flatMap(([name, value]) => (secretName.test(name) ? [value] : []));
  return [password, decoded(password), ...inQuery].filter((secret) => secret.length >= shortest);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign that begins no code stands for itself.
  }
}
