/** A server of tools over two streams of this process, and raw lines to talk to it. */
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { TroupeClient } from '../../../src/contracts/client/client.ts';
import { controlTools } from '../../../src/doors/mcp/controlTools.ts';
import { controlStdio } from '../../../src/doors/mcp/stdio.ts';

export interface RpcAnswer {
  readonly id?: number;
  readonly error?: { readonly code: number; readonly message: string };
  readonly result?: Readonly<Record<string, unknown>> & {
    readonly isError?: boolean;
    readonly content?: readonly { readonly text: string }[];
    readonly structuredContent?: Readonly<Record<string, unknown>>;
    readonly tools?: readonly {
      readonly name: string;
      readonly description: string;
      readonly inputSchema: { properties: Record<string, object> };
    }[];
  };
}

export const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'lines', version: '1' } },
};

export const toolsOf = (client: TroupeClient, admin = true) =>
  controlTools({ client, admin, status: async () => ({ version: '1.2.3', definitions: ['greet'] }) });

/** Writes lines to `input`, and gives what comes from `output` by the id of the request. */
export function rpcOver(input: NodeJS.WritableStream, output: NodeJS.ReadableStream) {
  const waiting = new Map<number, (answer: RpcAnswer) => void>();
  const other: string[] = [];
  createInterface({ input: output }).on('line', (line) => {
    const answer = JSON.parse(line) as RpcAnswer;
    const take = answer.id === undefined ? undefined : waiting.get(answer.id);
    if (take) take(answer);
    else other.push(line);
  });
  let ids = 100;
  const request = (method: string, params: object = {}, id = ids++): Promise<RpcAnswer> => {
    const answered = new Promise<RpcAnswer>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return answered;
  };
  return {
    other,
    request,
    call: (name: string, args?: object) => request('tools/call', { name, arguments: args }),
    async begin() {
      const answer = await request('initialize', initialize.params);
      input.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
      return answer;
    },
  };
}

/** A server over streams of this process. */
export async function openMcp(client: TroupeClient, admin = true) {
  const input = new PassThrough();
  const output = new PassThrough();
  const server = await controlStdio({ tools: toolsOf(client, admin), version: '1.2.3', input, output });
  return { ...rpcOver(input, output), server, input, output };
}
