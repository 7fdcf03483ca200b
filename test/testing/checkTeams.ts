/** Teams with one defect each, and the correct team. */
import { agent, all, protocol, team, type TeamOptions } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

export const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
  review: { body: z.object({ text: z.string() }), replies: ['approved', 'rework'] },
  approved: { body: z.object({}) },
  rework: { body: z.object({ feedback: z.string() }) },
});
type Spoken = typeof Desk.messages;

const model = scriptedModel([]);
const writer = agent({ name: 'writer', protocol: Desk, handles: ['brief'], model });
const critic = agent({ name: 'critic', protocol: Desk, handles: ['review'], model });
const members = { writer, critic };
type Options = TeamOptions<Spoken, typeof members, 'brief', 'article'>;
type Route = Options['route'];

const route: Route = {
  brief: ({ body }, { to }) => to('writer', 'brief', body),
  article: ({ body }, { to }) => to('critic', 'review', body),
  rework: ({ body }, { to, count, finish, last }) =>
    count('rework') > 2 ? finish(last('article')) : to('writer', 'brief', { topic: body.feedback }),
  approved: (_, { finish, last }) => finish(last('article')),
};

const desk = (changed: Partial<Route> = {}, options: Partial<Options> = {}) =>
  team({
    name: 'desk',
    protocol: Desk,
    members,
    accepts: 'brief',
    returns: 'article',
    deadline: '10m',
    ...options,
    route: { ...route, ...changed },
  });

export const correctTeam = desk();

/** Requests two drafts, and waits for three. */
export const waitsForThird = (drafts: number) =>
  desk({
    brief: ({ body }, { to }) => all(to('writer', 'brief', body), to('writer', 'brief', body)),
    article: ({ body }, { to, count }) => (count('article') < drafts ? { send: [] } : to('critic', 'review', body)),
  });

/** Allows rework without end. */
export const endlessRework = desk({ rework: ({ body }, { to }) => to('writer', 'brief', { topic: body.feedback }) });

/** Has no deadline. */
export const withoutDeadline = desk({}, { deadline: undefined as never });

/** The route sends the critic a message that only the writer handles; the compiler would report it. */
export const wrongRecipient = desk({
  rework: ({ body }) => ({ send: [{ to: 'critic', type: 'brief', body: { topic: body.feedback } }] }),
});

/** The critic never receives a message. */
export const unusedMember = desk({ article: ({ body }, { finish }) => finish(body) });

/** Reads a draft that does not exist yet. */
export const readsTooEarly = desk({ brief: (_, { finish, last }) => finish(last('article')) });
