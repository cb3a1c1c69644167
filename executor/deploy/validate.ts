/** What is refused before anything is pulled, made or stopped. */
import { AppError } from '../../shared/errors.ts';
import { isImageId } from '../../shared/image-reference.ts';
import { isForeignKeptImage, isReservedSlug, slugPattern } from '../../shared/names.ts';
import type { AppSpec } from '../../shared/protocol/spec.ts';
import { isImageReference } from '../docker/images.ts';
import { enforceLocalPolicy } from '../docker/policy.ts';
import { requireFreePorts } from '../docker/published-ports.ts';
import type { DeployHost } from './host.ts';

/** The control plane has checked most of it (SEC-07); what runs as root checks for itself. @throws AppError slug_*, image_not_found, policy_refused, host_port_taken */
export async function validate({ engine, policy }: Pick<DeployHost, 'engine' | 'policy'>, spec: AppSpec): Promise<void> {
  if (!slugPattern.test(spec.slug)) throw new AppError('slug_invalid');
  if (isReservedSlug(spec.slug)) throw new AppError('slug_reserved');
  if (!isImageReference(spec.image)) throw new AppError('image_not_found', { detail: 'The image is not a well-formed reference.' });
  if (isImageId(spec.image)) throw new AppError('image_not_found', { detail: 'The image is an id: name it with its repository.' });
  // SEC-04: an image that was uploaded for one app is not run by another.
  if (isForeignKeptImage(spec.image, spec.slug)) throw new AppError('image_not_found', { detail: 'The image belongs to another app.' });
  enforceLocalPolicy(spec, policy);
  await requireFreePorts(engine, spec);
}
