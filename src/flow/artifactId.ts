/** The id of an artifact in its run: the calls around its flow, its call and its name, with "/" between them. A "/" in a call or a name is escaped, so that no two artifacts have one id. */
import type { FlowArtifactRecord } from '../contracts/flow/record.ts';

/** A part of an id: `a/b` is `a%2Fb`. */
const part = (text: string): string => text.replaceAll('%', '%25').replaceAll('/', '%2F');

/** The id of an artifact that a call has. `prefix` is empty, or ends with a slash. */
export const artifactId = (prefix: string, call: string, name: string): string =>
  `${prefix}${part(call)}/${part(name)}`;

/** The id of what was saved. Earlier versions have written it without escapes. */
export function savedArtifactId({ id, call, name }: Pick<FlowArtifactRecord, 'id' | 'call' | 'name'>): string {
  const own = artifactId('', call, name);
  return id.endsWith(own) ? id : artifactId(prefixOf({ id, call, name }), call, name);
}

/** The calls around the flow of what was saved, as the beginning of an id. */
export function prefixOf({ id, call, name }: Pick<FlowArtifactRecord, 'id' | 'call' | 'name'>): string {
  const own = artifactId('', call, name);
  return id.slice(0, -(id.endsWith(own) ? own : `${call}/${name}`).length);
}
