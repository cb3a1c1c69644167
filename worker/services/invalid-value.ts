import { AppError } from '../../shared/errors.ts';

/** A value that the schema lets through and the domain does not. @param pointer where it stands: `/expires_at`, `?upload` */
export function invalidValue(pointer: string, detail: string): AppError {
  return new AppError('invalid_value', { detail: `${pointer}: ${detail}`, errors: [{ pointer, code: 'invalid_value', detail }] });
}
