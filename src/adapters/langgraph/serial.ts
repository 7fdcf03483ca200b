/** Values of LangGraph as JSON and back, by its own serializer: messages, and commands of tools. */
import type * as LangGraph from '@langchain/langgraph';
import type { Json } from '../../values/json.ts';

/** Writes and reads values. */
export interface LangGraphSerial {
  write(value: unknown): Promise<Json>;
  read(json: Json): Promise<unknown>;
}

/** A command as it is written; LangGraph itself leaves out to which graph it goes. */
interface WrittenCommand {
  readonly lg_name: 'Command';
  readonly update?: object;
  readonly goto?: string | string[];
  readonly resume?: unknown;
}

/** By the serializer with which LangGraph stores its own checkpoints. */
export function langGraphSerial({ MemorySaver, Command, isCommand }: typeof LangGraph): LangGraphSerial {
  const { serde } = new MemorySaver();
  return {
    async write(value) {
      const [, bytes] = await serde.dumpsTyped(value);
      const json = JSON.parse(new TextDecoder().decode(bytes)) as Json;
      return isCommand(value) ? { command: json, graph: value.graph ?? null } : { value: json };
    },
    async read(json) {
      // What `write` gives.
      const written = json as { readonly value?: Json; readonly command?: Json; readonly graph?: string | null };
      const bytes = new TextEncoder().encode(JSON.stringify(written.command ?? written.value ?? null));
      const value: unknown = await serde.loadsTyped('json', bytes);
      if (written.command === undefined) return value;
      const { update, goto, resume } = value as WrittenCommand;
      return new Command({
        ...(update === undefined ? {} : { update: update as Record<string, unknown> }),
        ...(goto === undefined ? {} : { goto }),
        ...(resume === undefined ? {} : { resume }),
        ...(written.graph ? { graph: written.graph } : {}),
      });
    },
  };
}
