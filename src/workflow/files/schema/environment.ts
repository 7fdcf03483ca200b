/** The schema of `*.env.yaml`: what differs between the places where a project runs. */
import * as z from 'zod';
import { fields, mapOf, maybe, text } from './fields.ts';
import { provider } from './shared.ts';

/** The schema of `*.env.yaml`. */
export const environmentFileSchema = fields({
  kind: maybe(text()),
  name: maybe(text()),
  variables: maybe(mapOf(text())).describe('Values of declared variables; the environment of the process wins.'),
  providers: maybe(z.array(provider())),
  state: maybe(
    fields({
      driver: z.enum(['sqlite'], {
        error:
          'The state is kept by sqlite; several machines share a journal with troupe serve --nats, and postgres is not supported.',
      }),
      dsn: maybe(text()).describe('The file of the journal, from the current folder, for troupe serve and start.'),
    }),
  ),
});
export type EnvironmentSource = z.infer<typeof environmentFileSchema>;
