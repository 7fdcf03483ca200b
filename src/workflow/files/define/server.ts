/** Makes the definition of a tool server from its file, or from an entry of servers.yaml. */
import { basename, dirname, resolve } from 'node:path';
import type { ServerFile } from '../../../contracts/workflow/serverFile.ts';
import type { ServerSource } from '../schema/server.ts';

/** The definition of a server that was checked. */
export const defineServer = (source: ServerSource, file: string): ServerFile => ({
  name: String(source.name ?? basename(file).replace(/(?:\.server)?\.ya?ml$/, '')),
  file,
  address: source.command
    ? {
        command: besideFile(file, source.command),
        args: (source.args ?? []).map((arg) => besideFile(file, String(arg))),
      }
    : { url: source.url ?? '', ...(source.transport && { transport: source.transport }) },
  ...(source.auth && {
    auth: {
      header: source.auth.header ?? 'Authorization',
      scheme: source.auth.scheme ?? 'bearer',
      secret: source.auth.secret,
    },
  }),
  params: Object.entries(source.params ?? {}).map(([name, param]) => ({
    name,
    secret: param?.secret ?? false,
    ...(param?.default != null && { default: String(param.default) }),
  })),
});

/** A path that begins with a dot is one from the folder of the file, wherever the process was started. */
const besideFile = (file: string, word: string): string =>
  /^\.\.?\//.test(word) ? resolve(dirname(file), word) : word;
