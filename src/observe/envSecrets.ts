/** Finds the secrets in the environment of a process. */

/** Shorter values would mask ordinary words. */
const shortest = 8;
/** Shorter parts of a list may be ordinary words. */
const shortestListed = 32;
const secretName = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;
/** What begins as a path does, or ends as the name of a file does: neither base64 nor a token can. */
const path = /^(?:[.~]{0,2}[/\\]|[a-z]:[/\\])|^[\w./\\-]+\.[a-z]{2,8}$/i;
/** A variable such as `DB_PASSWORD_FILE` names the file with the secret, and messages must be able to name it too. */
const isPath = (name: string, value: string): boolean => /_FILE$/i.test(name) && path.test(value);

/** The values of variables whose names look like those of secrets, and what is secret in addresses: a password, and parameters with such names. */
export const secretsInEnv = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(env).flatMap(([name, value]) => {
    if (!value || value.length < shortest) return [];
    if (isPath(name, value)) return [];
    return secretName.test(name) ? [value, ...listed(value)] : secretsInAddress(value);
  });

/** Several keys in one variable, such as a new one and an old one. */
const listed = (value: string): string[] =>
  value.includes(',') ? value.split(',').filter((part) => part.length >= shortestListed) : [];

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
