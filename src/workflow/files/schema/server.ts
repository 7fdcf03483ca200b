/** The schemas of `*.server.yaml` and `servers.yaml`: how tool servers are reached. */
import * as z from 'zod';
import { fields, mapOf, maybe, text, words } from './fields.ts';

const serverShape = {
  kind: maybe(text()),
  name: maybe(text()).describe('The name in messages; the name of the file by default.'),
  version: maybe(text()),
  description: maybe(text()),
  url: maybe(words()).describe('The address of a server that is running.'),
  transport: maybe(z.enum(['http', 'sse'])).describe('Streamable HTTP, or the older SSE. Found out by default.'),
  command: maybe(words()).describe('A program that is started, instead of `url`. `./` is the folder of this file.'),
  args: maybe(z.array(text())).describe(
    'Arguments of the program; those with `./` or `../` are paths from the folder of this file.',
  ),
  auth: maybe(
    fields({
      header: maybe(words()).describe('`Authorization` by default.'),
      scheme: maybe(z.enum(['bearer', 'raw'])).describe('`bearer` by default.'),
      secret: words().describe('`{{ params.NAME }}`, or a literal.'),
    }),
  ),
  params: maybe(
    mapOf(
      maybe(
        fields({
          description: maybe(text()),
          default: maybe(text()).describe('Without one a value must be given.'),
          secret: maybe(z.boolean()),
        }),
      ),
    ),
  ).describe('Sent when the connection is opened.'),
  stateful: maybe(z.boolean()),
  egress: maybe(z.unknown()),
  restricted: maybe(z.boolean()),
};

/** The schema of `*.server.yaml`. */
export const serverFileSchema = fields(serverShape);
export type ServerSource = z.infer<typeof serverFileSchema>;

/** The schema of `servers.yaml`, whose servers agents name. */
export const serversFileSchema = fields({
  kind: maybe(text()),
  servers: maybe(z.array(fields({ ...serverShape, name: words(), source: maybe(text()) }))),
});
export type ServersSource = z.infer<typeof serversFileSchema>;
