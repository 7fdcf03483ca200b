/** What came of performing a call. */
import type { FlowArtifactRecord, FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import type { JsonObject } from '../../src/values/json.ts';

/** How it ended, with what it noted. */
export interface PerformedResult {
  readonly outcome: FlowCallOutcome;
  readonly metadata?: JsonObject | undefined;
  readonly artifacts?: readonly FlowArtifactRecord[];
  /** The ids of the artifacts that it has loaded. */
  readonly loaded?: readonly string[];
  /** The call inside whose failure it has thrown. */
  readonly cause?: string | undefined;
  /** Its time was up while it was under way: it may have happened, or happen still. */
  readonly isLate?: true;
}
