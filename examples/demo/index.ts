/**
 * The demo: three agents make a digest of a folder of Markdown files, with citations that are checked against the files.
 * `npm run demo` reads this project's own docs; `npm run demo -- --set folder=/your/notes` reads yours.
 *
 * Without a key it runs on the offline model, which is not an LLM: it extracts sentences. Set TROUPE_MODEL (and the key it needs) for a real one,
 * such as TROUPE_MODEL=anthropic:claude-sonnet-4-5.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { agent, mcpServer, offlineModel, protocol, team } from 'troupe';
import { z } from 'zod';
import { citationsHold } from './citations.ts';

const Fact = z.object({ text: z.string(), file: z.string(), line: z.number().int().positive() });

/** The messages of the newsroom. A run without a folder reads this one. */
const newsroom = (folder: string) =>
  protocol({
    brief: {
      body: z.object({ folder: z.string().default(folder), topic: z.string().default('what these files say') }),
      replies: ['notes'],
    },
    notes: { body: z.object({ facts: z.array(Fact).min(1) }) },
    draft: { body: z.object({ facts: z.array(Fact), feedback: z.string().optional() }), replies: ['article'] },
    article: {
      body: z.object({
        title: z.string(),
        text: z.string().describe('Markdown; every claim ends with its source as [file:line].'),
      }),
    },
    review: {
      body: z.object({ title: z.string(), text: z.string(), facts: z.array(Fact) }),
      replies: ['approved', 'rework'],
    },
    approved: { body: z.object({}) },
    rework: { body: z.object({ feedback: z.string() }) },
  });

/** The real filesystem server of the Model Context Protocol, allowed to see one folder and nothing else. */
const filesystem = (folder: string) =>
  mcpServer(
    {
      name: 'files',
      command: process.execPath,
      args: [createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/dist/index.js'), folder],
    },
    { trust: 'read' },
  );

export default function digest({
  folder: given = '.',
  model = process.env.TROUPE_MODEL,
}: {
  folder?: string;
  model?: string;
}) {
  const folder = resolve(given);
  const mind = model ?? offlineModel();
  if (model === undefined) {
    console.error(
      'No model is set, so the offline model does the work: it is no LLM, it only extracts. For a real one set TROUPE_MODEL and its key,\n' +
        'such as TROUPE_MODEL=anthropic:claude-sonnet-4-5 with ANTHROPIC_API_KEY, or openai:gpt-5-mini with OPENAI_API_KEY.\n',
    );
  }
  const speech = newsroom(folder);

  const researcher = agent({
    name: 'researcher',
    protocol: speech,
    handles: ['brief'],
    model: mind,
    tools: [filesystem(folder)],
    allow: ['files/list_directory', 'files/read_text_file'],
    instructions: `List the folder you are given, read its Markdown files (and those of its "docs" folder), and note the most telling facts with file and line.`,
    objectives: [citationsHold('notes', folder)],
    budget: { steps: 30 },
    deadline: '5m',
  });

  const writer = agent({
    name: 'writer',
    protocol: speech,
    handles: ['draft'],
    model: mind,
    instructions: 'Write a digest from the facts and nothing else. Every claim ends with its source as [file:line].',
    objectives: [citationsHold('article', folder)],
    deadline: '2m',
  });

  const critic = agent({
    name: 'critic',
    protocol: speech,
    handles: ['review'],
    model: mind,
    instructions:
      'Approve a text whose every claim is backed by one of the facts, with the right file and line. Otherwise ask for rework and say what is wrong.',
    deadline: '2m',
  });

  return team({
    name: 'newsroom',
    protocol: speech,
    members: { researcher, writer, critic },
    accepts: 'brief',
    returns: 'article',
    supervise: { strategy: 'one-for-one', maxRestarts: 3, within: '1m' },
    budget: { steps: 100, usd: 1 },
    deadline: '10m',
    route: {
      brief: ({ body }, { to }) => to('researcher', 'brief', body),
      notes: ({ body }, { to }) => to('writer', 'draft', body),
      article: ({ body }, { to, last }) => to('critic', 'review', { ...body, facts: last('notes').facts }),
      rework: ({ body }, { to, last, count, finish }) =>
        count('rework') > 3
          ? finish(last('article'))
          : to('writer', 'draft', { facts: last('notes').facts, feedback: body.feedback }),
      approved: (_, { finish, last }) => finish(last('article')),
    },
  });
}
