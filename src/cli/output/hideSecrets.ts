/** Masks the values of secrets in everything that a command writes to stderr, such as an error of a tool or the text of a model. */
import type { Cli } from '../cli.ts';

/** The same process with a masked stderr. */
export function hideSecrets(cli: Cli): Cli {
  const { err, mask } = cli;
  return {
    ...cli,
    err: {
      write: (text) => err.write(mask.redact(text)),
      // Getters, since a terminal may change its size.
      get isTTY() {
        return err.isTTY;
      },
      get columns() {
        return err.columns;
      },
      get rows() {
        return err.rows;
      },
    },
  };
}
