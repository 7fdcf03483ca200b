/** Opens the secrets that are kept beside the journal. */
import type { FileSecretStore } from '../secrets/file/fileSecrets.ts';
import { openSecrets } from '../secrets/openSecrets.ts';
import type { Cli } from './cli.ts';
import { journalFolder } from './journalFolder.ts';

/** The secrets beside the journal. Those that are read are masked in all that the command says. `onKeyCreated`: told of a key file that was made. */
export const openStore = (
  cli: Pick<Cli, 'cwd' | 'env' | 'clock' | 'mask'>,
  options: { readonly db?: string },
  onKeyCreated?: (path: string) => void,
): FileSecretStore =>
  openSecrets(cli.env, journalFolder(cli, options), { clock: cli.clock, onRead: cli.mask.hide, onKeyCreated });
