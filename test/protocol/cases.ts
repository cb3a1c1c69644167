/** Every case of the link between hub and executor: one list, run against both hosts. */
import type { Host } from '../../scripts/local/settings.ts';
import { testOnHost } from '../support/host-cases.ts';
import { absentHostCases } from './cases/absent-hosts.ts';
import { absenceCases } from './cases/absence.ts';
import { auditCases } from './cases/audit-log.ts';
import { callCases } from './cases/calls.ts';
import { connectionCases } from './cases/connection.ts';
import { copyCases } from './cases/copies.ts';
import { deploymentCases } from './cases/deployments.ts';
import { enrolmentCases } from './cases/enrolment.ts';
import { environmentCases } from './cases/environments.ts';
import { eventStreamCases } from './cases/event-streams.ts';
import { eventCases } from './cases/events.ts';
import { invitationCases } from './cases/invitations.ts';
import { lostRightCases } from './cases/lost-rights.ts';
import { messageCases } from './cases/messages.ts';
import { pageCases } from './cases/pages.ts';
import { requestCases } from './cases/requests.ts';
import { transferCases } from './cases/transfers.ts';
import { peopleCases } from './cases/people.ts';
import { sharingCases } from './cases/sharing.ts';
import { signInCases } from './cases/sign-in.ts';
import { silenceCases } from './cases/silence.ts';
import { socketCases } from './cases/sockets.ts';
import { streamCases } from './cases/streams.ts';
import { tagCases } from './cases/tags.ts';
import { terminalCases } from './cases/terminals.ts';
import { usageCases } from './cases/usage.ts';

const groups = [
  { name: 'enrolment', cases: enrolmentCases },
  { name: 'connection', cases: connectionCases },
  { name: 'messages', cases: messageCases },
  { name: 'calls', cases: callCases },
  { name: 'events', cases: eventCases },
  { name: 'streams of events', cases: eventStreamCases },
  { name: 'requests', cases: requestCases },
  { name: 'usage', cases: usageCases },
  { name: 'deployments', cases: deploymentCases },
  { name: 'streams', cases: streamCases },
  { name: 'terminals', cases: terminalCases },
  { name: 'doors of streams', cases: socketCases },
  { name: 'invitations', cases: invitationCases },
  { name: 'the audit log', cases: auditCases },
  { name: 'people', cases: peopleCases },
  { name: 'what is shared', cases: sharingCases },
  { name: 'rights that are lost', cases: lostRightCases },
  { name: 'signing in', cases: signInCases },
  { name: 'absence and return', cases: absenceCases },
  { name: 'hosts that are away', cases: absentHostCases },
  { name: 'silence', cases: silenceCases },
  { name: 'transfers', cases: transferCases },
  { name: 'pages', cases: pageCases },
  { name: 'environments', cases: environmentCases },
  { name: 'tags', cases: tagCases },
  { name: 'copies', cases: copyCases },
];

export function testLink(host: Host): void {
  testOnHost('the link', host, groups);
}
