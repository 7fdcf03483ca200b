/** Artifacts of runs: listed, and read by their id. */
import type { ArtifactsClient } from '../contracts/client/artifacts.ts';
import { contentParts, type ContentRecord } from '../flow/artifactContent.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Json } from '../values/json.ts';
import { TroupeError } from '../values/failure.ts';
import { viewOfStored } from '../flow/jsonView.ts';
import { requireLimit } from './executionsPage.ts';
import { artifactsOf, runContent, type ClientReader } from './readRun.ts';
import type { RunArtifact } from './runArtifacts.ts';

/** The page size by default, and the largest one. */
const [usual, most] = [100, 1_000];

/** The artifacts of the runs of a journal. */
export function artifactsClient(reader: ClientReader & Pick<Runtime, 'blobs'>): ArtifactsClient {
  /** The artifact with this id: `<run>/<call>/<name>`, where a slash in a call or a name is `%2F`. */
  async function find(id: string): Promise<RunArtifact> {
    const [run = ''] = id.split('/');
    const all = await artifactsOf(reader, await runContent(reader, run));
    const found = all.find(({ info }) => info.artifact_id === id);
    if (found) return found;
    // As ids were given before a slash in a name was escaped.
    const [before, ...others] = all.filter(({ info }) => `${info.exec_id}/${info.producing_call}/${info.name}` === id);
    if (before && others.length === 0) return before;
    if (before)
      throw new TroupeError(
        'conflict',
        `Several artifacts are meant by "${id}": ${[before, ...others].map(({ info }) => info.artifact_id).join(', ')}. Name one of them.`,
      );
    const known = all.slice(0, 20).map(({ info }) => info.artifact_id);
    throw new TroupeError(
      'unknown_recipient',
      `There is no artifact "${id}". ${known.length === 0 ? `The run "${run}" has none.` : `The run "${run}" has ${known.join(', ')}${all.length > known.length ? ', …' : ''}.`}`,
    );
  }

  async function bytesOf(content: ContentRecord): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of contentParts(content, reader.blobs)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  return {
    async list(exec, { name, kind, producing_call: call, limit = usual, cursor } = {}) {
      const size = requireLimit(limit, most);
      const from = cursor === undefined ? 0 : requireOffset(cursor);
      const all = (await artifactsOf(reader, await runContent(reader, exec))).filter(
        ({ info, callName }) =>
          (name === undefined || info.name === name || (info.save_type === 'step_output' && callName === name)) &&
          (kind === undefined || info.kind === kind) &&
          (call === undefined || [info.producing_call, callName, `${exec}/${info.producing_call}`].includes(call)),
      );
      const items = all.slice(from, from + size).map(({ info }) => info);
      return { items, ...(from + size < all.length ? { next: String(from + size) } : {}) };
    },

    async get(id) {
      const { info, content } = await find(id);
      const record = content();
      if (record.content === undefined) {
        // A large value is stored as its JSON.
        const json = record.value ?? (JSON.parse((await bytesOf(record)).toString('utf8')) as Json);
        const value = viewOfStored({ json, ...(record.encoded ? { encoded: true } : {}) });
        return { ...info, value, value_format: 'json' };
      }
      const bytes = await bytesOf(record);
      const text = textIn(bytes);
      if (text === undefined) return { ...info, value: bytes.toString('base64'), value_format: 'base64' };
      return { ...info, value: text, value_format: 'text' };
    },

    async *read(id) {
      yield* contentParts((await find(id)).content(), reader.blobs);
    },
  };
}

/** Undefined for bytes that are no text. */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function requireOffset(cursor: string): number {
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new TroupeError(
    'invalid',
    'This is no cursor of a list: pass on the `next` of the page before, or leave it out.',
  );
}
