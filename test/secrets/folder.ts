/** A temporary folder with a key file and secrets beside it, and stores that are opened on them anew. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecrets } from '../../src/secrets/openSecrets.ts';
import type { SecretStoreOptions } from '../../src/secrets/secretStore.ts';
import { virtualClock } from '../../src/testing/clock.ts';

export interface SecretsFolder extends Disposable {
  readonly path: string;
  readonly keyFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** The file that counts, and its text. */
  file(): { readonly path: string; readonly text: string };
  /** As another process opens it. */
  open(
    over?: SecretStoreOptions & { env?: Readonly<Record<string, string>>; onKeyCreated?: (path: string) => void },
  ): ReturnType<typeof openSecrets>;
}

export function secretsFolder(): SecretsFolder {
  const path = mkdtempSync(join(tmpdir(), 'troupe-secrets-'));
  const keyFile = join(path, 'config', 'secrets.key');
  const env = { TROUPE_SECRETS_KEY_FILE: keyFile };
  const clock = virtualClock();
  return {
    path,
    keyFile,
    env,
    file() {
      const folder = join(path, 'secrets');
      const [name = '', ...others] = readdirSync(folder).filter((each) => each.endsWith('.json'));
      if (others.length > 0) throw new Error(`Old versions are left: ${others.join(', ')}`);
      return { path: join(folder, name), text: readFileSync(join(folder, name), 'utf8') };
    },
    open: ({ env: own = env, ...options } = {}) => openSecrets(own, path, { clock, ...options }),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
