/** Shapes that routes say again and again. */
import type { z } from 'zod';

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

export function body<T extends z.ZodType>(schema: T) {
  return { required: true as const, content: { 'application/json': { schema } } };
}

/** A body that may be left out, which is the same as an empty object. */
export function optionalBody<T extends z.ZodType>(schema: T) {
  return { required: false as const, content: { 'application/json': { schema } } };
}

/** Headers of a reply whose work a deployment goes on with. */
export const deploymentLocation = { Location: { description: 'Where to follow the deployment.', required: true, schema: { type: 'string' as const, example: '/api/v1/deployments/dep_1k3m8v0qz9x4c7b2n5h6t0' } } };

export const noContent = { description: 'Done; there is nothing to say.' };
