/** What the contract names and is not built yet: found under its address, refused with a code, and open to nobody who could not use it. */
import { AppError } from '../../shared/errors.ts';
import { defineRoute, onApp, onUser } from '../route.ts';
import { appParams } from './params.ts';

const responses = {};

function refuse(what: string, instead: string): never {
  throw new AppError('not_available_yet', { detail: `${what} is not available yet. ${instead}` });
}

const autoscale = { path: '/api/v1/apps/{appId}/autoscale', tags: ['Apps'], request: { params: appParams }, responses };
const refuseAutoscale = () => refuse('Autoscaling', 'An app has one container: give it more with `cpu_limit` and `memory_limit`, which apply without a restart.');

const registries = { path: '/api/v1/registries', tags: ['Registries'], responses };
const refuseRegistries = () => refuse('Access to private registries', 'Push the image to the server instead: `docker save … | curl --data-binary @- …/api/v1/deploy/{slug}`.');

export const unavailableRoutes = [
  defineRoute(onApp, ['not_available_yet'], { method: 'get', operationId: 'getAppAutoscale', summary: 'Read how an app scales (not available yet)', ...autoscale }, refuseAutoscale),
  defineRoute(onApp, ['not_available_yet'], { method: 'put', operationId: 'updateAppAutoscale', summary: 'Change how an app scales (not available yet)', ...autoscale }, refuseAutoscale),
  defineRoute(onUser, ['not_available_yet'], { method: 'get', operationId: 'listRegistries', summary: 'List private registries (not available yet)', ...registries }, refuseRegistries),
  defineRoute(onUser, ['not_available_yet'], { method: 'post', operationId: 'createRegistry', summary: 'Add a private registry (not available yet)', ...registries }, refuseRegistries),
  defineRoute(onUser, ['not_available_yet'], { method: 'get', path: '/api/v1/git/repos', operationId: 'listGitRepositories', summary: 'List repositories of git accounts (not available yet)', tags: ['Git'], responses }, () =>
    refuse('Deploying from git', 'Build the image where the code is and push it: `docker save … | curl --data-binary @- …/api/v1/deploy/{slug}`.'),
  ),
];
