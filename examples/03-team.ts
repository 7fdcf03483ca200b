/** A team: a writer and a critic exchange typed messages; a pure route decides which member gets the next one. A wrong recipient does not compile. */
import assert from 'node:assert/strict';
import { agent, protocol, run, team } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  revise: { body: z.object({ text: z.string(), feedback: z.string() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
  review: { body: z.object({ text: z.string() }), replies: ['approved', 'rework'] },
  approved: { body: z.object({}) },
  rework: { body: z.object({ feedback: z.string() }) },
});

const writer = agent({
  name: 'writer',
  protocol: Desk,
  handles: ['brief', 'revise'],
  instructions: 'Write one paragraph.',
  model: scriptedModel([
    { calls: [{ name: 'answer_article', input: { text: 'Actors are nice.' } }] },
    {
      calls: [
        { name: 'answer_article', input: { text: 'Actors keep their state to themselves and speak in messages.' } },
      ],
    },
  ]),
});

const critic = agent({
  name: 'critic',
  protocol: Desk,
  handles: ['review'],
  instructions: 'Approve only what says something.',
  model: scriptedModel([
    { calls: [{ name: 'answer_rework', input: { feedback: 'Say what they do.' } }] },
    { calls: [{ name: 'answer_approved', input: {} }] },
  ]),
});

const desk = team({
  name: 'desk',
  protocol: Desk,
  members: { writer, critic },
  accepts: 'brief',
  returns: 'article',
  route: {
    brief: ({ body }, { to }) => to('writer', 'brief', body),
    article: ({ body }, { to }) => to('critic', 'review', body),
    rework: ({ body }, { to, last }) => to('writer', 'revise', { text: last('article').text, feedback: body.feedback }),
    approved: (_, { finish, last }) => finish(last('article')),
  },
});

const article = await run(desk, { topic: 'actors' }, { db: 'memory' });

console.log(article.text);
assert.equal(article.text, 'Actors keep their state to themselves and speak in messages.');
