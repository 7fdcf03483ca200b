/** A hand-off: the conversation belongs to one member at a time, who answers it or hands it over. It cannot be handed over for ever. */
import assert from 'node:assert/strict';
import { agent, handoff, run, until } from 'troupe';
import { scriptedModel } from 'troupe/testing';

const triage = agent({
  name: 'triage',
  instructions: 'Find out what it is about, and hand it to whoever can help. Legal threats go to a person.',
  model: scriptedModel(({ messages }) => {
    const to = JSON.stringify(messages[0]).includes('lawyer') ? 'person' : 'billing';
    return { calls: [{ name: 'answer_handoff', input: { to, note: 'They were charged twice in May.' } }] };
  }),
});

const billing = agent({
  name: 'billing',
  instructions: 'Solve what has to do with money.',
  model: scriptedModel(({ messages }) => {
    // The note came with the task.
    assert.match(JSON.stringify(messages[0]), /\[triage to billing\] They were charged twice/);
    return { calls: [{ name: 'answer_reply', input: { value: 'The second charge is on its way back.' } }] };
  }),
});

const support = handoff({
  name: 'support',
  members: [triage, billing],
  start: 'triage',
  // A hand-over to a recipient outside the team ends the run there; your code decides what follows.
  until: until.handedOff('person'),
});

const solved = await run(support, 'I was charged twice.', { db: 'memory' });
console.log(`${solved.by}: ${solved.text} (${solved.reason})`);
assert.equal(solved.text, 'The second charge is on its way back.');

const escalated = await run(support, 'I was charged twice, and my lawyer will call.', { db: 'memory' });
console.log(`${escalated.by}: ${escalated.text} (${escalated.reason})`);
assert.equal(escalated.reason, 'triage handed over to person');

// Two members that only hand it over: after the same hand-over for the second time, the owner must answer.
const passer = (name: string, to: string) =>
  agent({
    name,
    model: scriptedModel(({ tools }) =>
      tools.some((tool) => tool.name === 'answer_handoff')
        ? { calls: [{ name: 'answer_handoff', input: { to, note: 'Not mine.' } }] }
        : { calls: [{ name: 'answer_reply', input: { value: 'All right, I will do it.' } }] },
    ),
  });
const office = handoff({ name: 'office', members: [passer('ann', 'bob'), passer('bob', 'ann')] });
const round = await run(office, 'Who files this?', { db: 'memory' });
console.log(`${round.by}: ${round.text} (${round.reason})`);
assert.equal(round.reason, 'handed round too often: ann > bob > ann > bob');
