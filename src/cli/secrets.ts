/** What a command says to people holds no value of a secret, wherever it comes from: a tool's error, a model's words. */
import { redactor } from '../observe/redactor.ts';
import { secretsOf } from '../observe/secrets.ts';
import type { Cli } from './cli.ts';

export function discreet(cli: Cli): Cli {
  const redact = redactor(secretsOf(cli.env));
  const { err } = cli;
  return {
    ...cli,
    err: {
      write: (text) => err.write(redact(text)),
      // A terminal may change its size.
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
