/** What the calls of flows are done with in a runtime. */
import type { BlobStore } from '../blobs/blobStore.ts';
import type { StepCache } from '../contracts/workflow/stepCache.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Journal } from '../journal/journal.ts';
import type { Address } from '../values/ids.ts';
import { artifactAccess } from './artifacts/artifactAccess.ts';
import type { FlowCompileContext } from './flow.ts';
import { flowModels } from './flowModels.ts';
import type { FlowSecrets } from './flowSecrets.ts';

/** The parts of a runtime that flows use. */
export interface FlowDepsParts {
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly gateway: Pick<Gateway, 'answer' | 'credentialSource'>;
  /** Keeps results for later runs. */
  readonly cache: StepCache;
  /** Tells a flow that its body has something to say. */
  readonly wake: (actor: Address) => void;
  readonly secrets: FlowSecrets;
}

/** The deps of all flows of a runtime. */
export const flowDeps = ({
  journal,
  blobs,
  gateway,
  cache,
  wake,
  secrets,
}: FlowDepsParts): NonNullable<FlowCompileContext['flows']> => ({
  artifacts: artifactAccess(journal, blobs, () => secrets.redactor()),
  llm: flowModels(gateway),
  secret: (name) => secrets.secret(name),
  redactor: () => secrets.redactor(),
  cache,
  wake,
});
