/** Dokploy's API: one list of cases, run against both hosts. */
import type { Host } from '../../scripts/local/settings.ts';
import { testOnHost } from '../support/host-cases.ts';
import { applicationCases } from './cases/applications.ts';
import { auditLogCases } from './cases/audit-log.ts';
import { openApiCases } from './cases/openapi.ts';
import { clientCases } from './cases/clients.ts';
import { grantCases } from './cases/grants.ts';
import { peopleCases } from './cases/people.ts';
import { permissionCases } from './cases/permissions.ts';
import { projectCases } from './cases/projects.ts';
import { protocolCases } from './cases/protocols.ts';
import { deploymentLogCases } from './cases/deployment-logs.ts';
import { socketCases } from './cases/sockets.ts';
import { tagCases } from './cases/tags.ts';

const groups = [
  { name: 'the two protocols', cases: protocolCases },
  { name: 'projects and environments', cases: projectCases },
  { name: 'tags', cases: tagCases },
  { name: 'applications', cases: applicationCases },
  { name: 'the audit log', cases: auditLogCases },
  { name: 'people', cases: peopleCases },
  { name: 'what people may do', cases: permissionCases },
  { name: 'the OpenAPI document', cases: openApiCases },
  { name: 'sockets', cases: socketCases },
  { name: 'the log', cases: deploymentLogCases },
  { name: 'clients of Dokploy', cases: clientCases },
  { name: 'grants', cases: grantCases },
];

export function testDokploy(host: Host): void {
  testOnHost("Dokploy's API", host, groups);
}
