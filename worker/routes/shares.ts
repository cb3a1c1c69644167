/** Who reaches a project, or one app, besides its owner: the same three operations on either. */
import { z } from 'zod';
import { pageQuery } from '../../shared/api/common.ts';
import { grantAccess, share as shareReply, sharePage } from '../../shared/api/shares.ts';
import { toShare } from '../present.ts';
import { defineRoute, onApp, onProject } from '../route.ts';
import { mapPage } from '../services/pages.ts';
import { readShares, share, sharedApp, sharedProject, unshare } from '../services/shares.ts';
import { appParams, holderParam, projectParams } from './params.ts';
import { body, json, noContent } from './replies.ts';

const tags = ['Sharing'];
const ofProject = '/api/v1/projects/{projectId}/access';
const ofApp = '/api/v1/apps/{appId}/access';
const projectHolder = z.object({ ...projectParams.shape, ...holderParam });
const appHolder = z.object({ ...appParams.shape, ...holderParam });

const noHolder = ['user_not_found', 'team_not_found'] as const;
const onlyOwner = 'For the owner of the project, and administrators.';
const list = { 200: json(sharePage, 'Users and teams, those it was shared with first at the top.') };
const granted = { 200: json(shareReply, 'As it is shared now.') };

export const shareRoutes = [
  defineRoute(
    onProject,
    ['invalid_cursor'],
    { method: 'get', path: ofProject, operationId: 'listProjectAccess', summary: 'List who a project is shared with', description: onlyOwner, tags, request: { params: projectParams, query: pageQuery }, responses: list },
    async (c) => c.json(mapPage(await readShares(c.get('ctx'), sharedProject(c.get('project')), c.req.valid('query')), toShare), 200),
  ),
  defineRoute(
    onProject,
    noHolder,
    {
      method: 'put', path: `${ofProject}/{holderId}`, operationId: 'grantProjectAccess', summary: 'Share a project with a user or a team', description: `With all that is in it, now and later. ${onlyOwner}`, tags,
      request: { params: projectHolder, body: body(grantAccess) }, responses: granted,
    },
    async (c) => c.json(toShare(await share(c.get('ctx'), sharedProject(c.get('project')), { holderId: c.req.valid('param').holderId, ...c.req.valid('json') })), 200),
  ),
  defineRoute(
    onProject,
    noHolder,
    { method: 'delete', path: `${ofProject}/{holderId}`, operationId: 'revokeProjectAccess', summary: 'No longer share a project', description: onlyOwner, tags, request: { params: projectHolder }, responses: { 204: noContent } },
    async (c) => {
      await unshare(c.get('ctx'), sharedProject(c.get('project')), c.req.valid('param').holderId);
      return c.body(null, 204);
    },
  ),
  defineRoute(
    onApp,
    ['invalid_cursor'],
    { method: 'get', path: ofApp, operationId: 'listAppAccess', summary: 'List who an app is shared with', description: `By itself, not with its project. ${onlyOwner}`, tags, request: { params: appParams, query: pageQuery }, responses: list },
    async (c) => c.json(mapPage(await readShares(c.get('ctx'), sharedApp(c.get('app')), c.req.valid('query')), toShare), 200),
  ),
  defineRoute(
    onApp,
    noHolder,
    {
      method: 'put', path: `${ofApp}/{holderId}`, operationId: 'grantAppAccess', summary: 'Share one app with a user or a team', description: `The others in its project stay out of their reach. ${onlyOwner}`, tags,
      request: { params: appHolder, body: body(grantAccess) }, responses: granted,
    },
    async (c) => c.json(toShare(await share(c.get('ctx'), sharedApp(c.get('app')), { holderId: c.req.valid('param').holderId, ...c.req.valid('json') })), 200),
  ),
  defineRoute(
    onApp,
    noHolder,
    { method: 'delete', path: `${ofApp}/{holderId}`, operationId: 'revokeAppAccess', summary: 'No longer share an app by itself', description: onlyOwner, tags, request: { params: appHolder }, responses: { 204: noContent } },
    async (c) => {
      await unshare(c.get('ctx'), sharedApp(c.get('app')), c.req.valid('param').holderId);
      return c.body(null, 204);
    },
  ),
];
