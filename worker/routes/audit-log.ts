import { z } from 'zod';
import { auditPage, auditQuery, auditVerdict } from '../../shared/api/audit-log.ts';
import { toAuditEntry } from '../present.ts';
import { defineRoute, onAdministrator } from '../route.ts';
import { eachAuditPage, readAuditLog, verifyAuditLog } from '../services/audit.ts';
import type { Context } from '../services/context.ts';
import { mapPage } from '../services/pages.ts';
import { json } from './replies.ts';

const path = '/api/v1/audit-log';
const tags = ['Audit log'];
const lines = z.string().meta({ description: 'Lines of JSON.', example: '{"seq":1}\n' });

export const auditLogRoutes = [
  defineRoute(
    onAdministrator,
    ['invalid_cursor'],
    { method: 'get', path, operationId: 'listAuditLog', summary: 'Read the audit log', tags, request: { query: auditQuery }, responses: { 200: json(auditPage, 'Entries, newest first.') } },
    async (c) => c.json(mapPage(await readAuditLog(c.get('ctx'), c.req.valid('query')), toAuditEntry), 200),
  ),
  defineRoute(
    onAdministrator,
    [],
    {
      method: 'get',
      path: `${path}/export`,
      operationId: 'exportAuditLog',
      summary: 'Download the whole audit log',
      tags,
      responses: { 200: { description: 'One entry a line as JSON, oldest first.', content: { 'application/x-ndjson': { schema: lines } } } },
    },
    // To the framework every type that ends in `json` is JSON.
    (c) => c.body(streamLines(c.get('ctx')), 200, { 'content-type': 'application/x-ndjson', 'content-disposition': 'attachment; filename="audit-log.ndjson"' }) as never,
  ),
  defineRoute(
    onAdministrator,
    [],
    { method: 'get', path: `${path}/verify`, operationId: 'verifyAuditLog', summary: 'Check that the audit log is as it was written', tags, responses: { 200: json(auditVerdict, 'What was found.') } },
    async (c) => {
      const { rows, brokenAt, head } = await verifyAuditLog(c.get('ctx'));
      return c.json({ intact: brokenAt === null, rows, broken_at: brokenAt, head }, 200);
    },
  ),
];

/** As the reader takes it: a page of rows at a time is in memory. */
function streamLines(ctx: Context): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pages = eachAuditPage(ctx);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value: rows } = await pages.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(rows.map((row) => `${JSON.stringify(toAuditEntry(row))}\n`).join('')));
      },
      async cancel() {
        await pages.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
