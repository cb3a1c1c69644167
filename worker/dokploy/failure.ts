/** Errors in the words of tRPC, which Dokploy's API is made with. */
import { z } from 'zod';
import { AppError, type ErrorCode } from '../../shared/errors.ts';

/** JSON-RPC numbers and names of tRPC 11 by HTTP status (its `rpc/codes.ts` and `http/getHTTPStatusCode.ts`). */
const codes: Readonly<Record<number, readonly [name: string, number: number]>> = {
  400: ['BAD_REQUEST', -32600],
  401: ['UNAUTHORIZED', -32001],
  403: ['FORBIDDEN', -32003],
  404: ['NOT_FOUND', -32004],
  408: ['TIMEOUT', -32008],
  409: ['CONFLICT', -32009],
  412: ['PRECONDITION_FAILED', -32012],
  413: ['PAYLOAD_TOO_LARGE', -32013],
  415: ['UNSUPPORTED_MEDIA_TYPE', -32015],
  429: ['TOO_MANY_REQUESTS', -32029],
  500: ['INTERNAL_SERVER_ERROR', -32603],
  501: ['NOT_IMPLEMENTED', -32603],
  502: ['BAD_GATEWAY', -32603],
  503: ['SERVICE_UNAVAILABLE', -32603],
  504: ['GATEWAY_TIMEOUT', -32603],
};
const unknown = ['INTERNAL_SERVER_ERROR', -32603] as const;

/** `NOT_FOUND` */
export function codeOf(status: number): string {
  return (codes[status] ?? unknown)[0];
}

/** Statuses that tRPC has no name for. */
const nearest: Readonly<Record<number, number>> = { 422: 400, 426: 400, 507: 503 };

/** What Dokploy says of things that are not there. */
const messages: Partial<Record<ErrorCode, string>> = {
  app_not_found: 'Application not found',
  project_not_found: 'Project not found',
  environment_not_found: 'Environment not found',
  tag_not_found: 'Tag not found',
  deployment_not_found: 'Deployment not found',
  server_not_found: 'Server not found',
  user_not_found: 'User not found',
  invitation_not_found: 'Invitation not found',
};

export interface Failure {
  status: number;
  code: string;
  /** Of JSON-RPC. */
  number: number;
  message: string;
  zodError: { formErrors: string[]; fieldErrors: Record<string, string[]> } | null;
  issues: readonly object[] | null;
  /** Ours: what programs look at. */
  dockupCode: ErrorCode;
}

export function toFailure(error: AppError): Failure {
  const status = nearest[error.status] ?? error.status;
  const [code, number] = codes[status] ?? unknown;
  const cause = error.cause instanceof z.core.$ZodError ? error.cause : null;
  return {
    status,
    code,
    number,
    message: messages[error.code] ?? error.message,
    zodError: cause && (z.flattenError(cause) as Failure['zodError']),
    issues: cause?.issues ?? null,
    dockupCode: error.code,
  };
}

/** A value that the schema does not let through. */
export function invalidInput(cause: z.core.$ZodError): AppError {
  return new AppError('invalid_value', { detail: 'Input validation failed', cause });
}

/** What is there in Dokploy and not here, with what is used instead. */
export function notImplemented(instead: string): AppError {
  return new AppError('not_available_yet', { detail: instead });
}

/** Another value than the one we always have was sent for a field. */
export function unsupportedField(field: string, instead: string): AppError {
  return notImplemented(`\`${field}\` is not available here. ${instead}`);
}
