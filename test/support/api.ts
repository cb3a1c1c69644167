/** The public API and the published apps as tests use them: every call a real request, every reply checked against the schema it promises. */
import type { z } from 'zod';
import { app, type App } from '../../shared/api/apps.ts';
import { problem, type Problem } from '../../shared/api/common.ts';
import { deployment, type Deployment } from '../../shared/api/deployments.ts';
import { project, type Project } from '../../shared/api/projects.ts';
import { requestOnce, type PlainReply } from './http.ts';

export interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}

interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** Another caller than the administrator; null: nobody. */
  token?: string | null;
}

export interface Api {
  request(method: string, path: string, options?: RequestOptions): Promise<Reply>;
  /** The reply's body, once status and shape are as they should be. */
  expect<T extends z.ZodType>(status: number, schema: T, request: Promise<Reply>): Promise<z.infer<T>>;
  createProject(name?: string): Promise<Project>;
  createApp(projectId: string, fields: Record<string, unknown>): Promise<App>;
  /** Deploys and waits until it has gone well. */
  deploy(slug: string): Promise<Deployment>;
  /** Deploys and waits until it has failed. */
  deployBadly(slug: string): Promise<{ problem: Problem; deployment: Deployment }>;
  getApp(idOrSlug: string): Promise<App>;
  /** GET through the proxy. */
  visit(slug: string, path?: string): Promise<PlainReply>;
}

interface ApiOptions {
  url: string;
  httpPort: number;
  token: string;
}

export function createApi({ url, httpPort, token }: ApiOptions): Api {
  async function request(method: string, path: string, { body, headers, token: other = token }: RequestOptions = {}): Promise<Reply> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(other !== null && { authorization: `Bearer ${other}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
  }

  async function expectReply<T extends z.ZodType>(status: number, schema: T, pending: Promise<Reply>): Promise<z.infer<T>> {
    const reply = await pending;
    if (reply.status !== status) throw new Error(`expected ${status}, got ${reply.status}: ${JSON.stringify(reply.body)}`);
    return schema.parse(reply.body);
  }

  return {
    request,
    expect: expectReply,
    createProject: (name = 'My Project') => expectReply(201, project, request('POST', '/api/v1/projects', { body: { name } })),
    createApp: (projectId, fields) => expectReply(201, app, request('POST', `/api/v1/projects/${projectId}/apps`, { body: fields })),
    deploy: (slug) => expectReply(200, deployment, request('POST', `/api/v1/deploy/${slug}?wait=120`)),
    deployBadly: async (slug) => {
      const reply = await request('POST', `/api/v1/deploy/${slug}?wait=120`);
      const refused = problem.loose().parse(reply.body);
      return { problem: refused, deployment: deployment.parse(refused['deployment']) };
    },
    getApp: (idOrSlug) => expectReply(200, app, request('GET', `/api/v1/apps/${idOrSlug}`)),
    visit: (slug, path = '/') => requestOnce({ port: httpPort, host: `${slug}-app.localhost:${httpPort}`, path }),
  };
}
