/**
 * Every error Dockup can answer with, in one table: on the HTTP API, on the link between hub and executor, and as the
 * reason of a failed deployment. `image_not_found` on the host is `image_not_found` at the client.
 */
interface ErrorEntry {
  /** HTTP status of a reply that carries the code. */
  readonly status: number;
  /** Short, constant, human-readable summary (RFC 9457 `title`). */
  readonly title: string;
}

const table = {
  // The request itself
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  unsupported_media_type: { status: 415, title: 'The body has the wrong content type' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  route_not_found: { status: 404, title: 'There is no such route' },
  method_not_allowed: { status: 405, title: 'The route does not take this method' },
  unknown_field: { status: 422, title: 'A field is not known' },
  missing_field: { status: 422, title: 'A required field is missing' },
  wrong_type: { status: 422, title: 'A field has the wrong type' },
  too_long: { status: 422, title: 'A field is too long' },
  too_short: { status: 422, title: 'A field is too short' },
  out_of_range: { status: 422, title: 'A number is out of range' },
  invalid_value: { status: 422, title: 'A field has a value that is not allowed' },
  idempotency_key_invalid: { status: 422, title: 'The idempotency key is not well formed' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  idempotency_key_in_use: { status: 409, title: 'The request with the idempotency key is not answered yet' },
  idempotency_reply_not_kept: { status: 409, title: 'The request has been carried out, but its reply was too long to be kept' },
  rate_limited: { status: 429, title: 'Too many requests in a short time' },
  invalid_cursor: { status: 422, title: 'The page cursor is not one this list gave out' },

  // Who is asking
  unauthenticated: { status: 401, title: 'A token is required' },
  invalid_token: { status: 401, title: 'The token is not valid' },
  token_expired: { status: 401, title: 'The token has expired' },
  invitation_invalid: { status: 401, title: 'The invitation is not valid for this address' },
  invalid_credentials: { status: 401, title: 'The e-mail address or the password is wrong' },
  second_factor_required: { status: 401, title: 'A code of the second factor is required' },
  second_factor_wrong: { status: 401, title: 'The code of the second factor is wrong or has been used' },
  too_many_attempts: { status: 429, title: 'Too many attempts to log in' },
  ticket_invalid: { status: 401, title: 'The ticket is unknown, used or expired' },
  ticket_mismatch: { status: 403, title: 'The ticket is for something else' },
  url_token_disabled: { status: 401, title: 'Tokens in addresses are switched off' },
  forbidden: { status: 403, title: 'The right to do this is missing' },
  grant_missing: { status: 403, title: 'An administrator has not granted this' },
  scope_missing: { status: 403, title: 'The API key does not have the scope for this' },
  session_needed: { status: 403, title: 'This is done on a login session only' },
  password_wrong: { status: 403, title: 'The current password is wrong' },
  code_wrong: { status: 403, title: 'The code is wrong or has been used' },
  reveal_needs_session: { status: 403, title: 'A key is shown only to its owner on a login session' },
  reveal_disabled: { status: 403, title: 'Showing keys again is switched off' },

  // Things that are not there
  user_not_found: { status: 404, title: 'There is no such user' },
  invitation_not_found: { status: 404, title: 'There is no such invitation' },
  team_not_found: { status: 404, title: 'There is no such team' },
  session_not_found: { status: 404, title: 'There is no such session' },
  api_key_not_found: { status: 404, title: 'There is no such API key' },
  project_not_found: { status: 404, title: 'There is no such project' },
  environment_not_found: { status: 404, title: 'There is no such environment' },
  tag_not_found: { status: 404, title: 'There is no such tag' },
  app_not_found: { status: 404, title: 'There is no such app' },
  deployment_not_found: { status: 404, title: 'There is no such deployment' },
  server_not_found: { status: 404, title: 'There is no such server' },

  // Rules of the domain
  slug_invalid: { status: 422, title: 'The slug is not well formed' },
  slug_reserved: { status: 422, title: 'The slug is reserved' },
  slug_taken: { status: 409, title: 'The slug is taken' },
  slug_immutable: { status: 409, title: 'The slug cannot be changed' },
  concurrent_change: { status: 409, title: 'The thing was changed by somebody else meanwhile' },
  email_taken: { status: 409, title: 'The e-mail address is taken' },
  project_not_empty: { status: 409, title: 'A project still has apps, or a user projects' },
  environment_exists: { status: 409, title: 'The project has an environment with this name' },
  environment_not_empty: { status: 409, title: 'The environment still has apps' },
  environment_is_default: { status: 409, title: 'The first environment of a project stays' },
  tag_exists: { status: 409, title: 'There is a tag with this name' },
  too_many_tags: { status: 409, title: 'There are as many tags as there may be' },
  server_in_use: { status: 409, title: 'Apps are placed on the server' },
  owner_protected: { status: 403, title: 'The owner cannot be changed or deleted' },
  last_administrator: { status: 409, title: 'The last administrator cannot be removed' },
  second_factor_on: { status: 409, title: 'The second factor is switched on already' },
  second_factor_off: { status: 409, title: 'The second factor is not switched on' },
  nothing_to_deploy: { status: 409, title: 'The app has neither an image nor a repository' },
  app_not_deployed: { status: 409, title: 'The app has no container yet' },
  invalid_state: { status: 409, title: 'The app is not in a state that allows this' },
  deployment_finished: { status: 409, title: 'The deployment has already ended' },
  host_port_taken: { status: 409, title: 'The port of the host is taken' },
  app_not_running: { status: 409, title: 'The app is not running' },
  limit_below_usage: { status: 409, title: 'The app uses more than the new limit' },
  limit_out_of_range: { status: 422, title: 'The server cannot give an app that much, or that little' },
  no_earlier_deployment: { status: 409, title: 'There is no earlier deployment to roll back to' },
  image_not_kept: { status: 409, title: 'The image of the deployment is no longer kept' },
  volume_not_found: { status: 404, title: 'There is no such volume' },
  volume_exists: { status: 409, title: 'The app has such a volume already' },
  volume_in_use: { status: 409, title: 'A container uses the volume' },
  app_has_volumes: { status: 409, title: 'The app has volumes that were not named' },
  exec_failed: { status: 422, title: 'The command could not be started' },
  exec_disabled: { status: 403, title: 'The server does not allow commands in containers' },
  not_available_yet: { status: 501, title: 'This is not available yet' },
  git_deploy_unavailable: { status: 501, title: 'Deploying from a git repository is not available yet' },

  // Uploads
  archive_invalid: { status: 422, title: 'The archive cannot be read' },
  archive_ambiguous: { status: 422, title: 'The archive holds several images' },
  archive_too_large: { status: 413, title: 'The archive is larger than the server takes' },
  image_not_in_archive: { status: 422, title: 'The archive does not hold that image' },
  digest_mismatch: { status: 422, title: 'The bytes do not have the digest that was announced' },
  upload_not_found: { status: 404, title: 'There is no such upload' },
  too_many_uploads: { status: 409, title: 'The app has too many open uploads' },
  upload_incomplete: { status: 409, title: 'The upload is not complete' },
  upload_header_invalid: { status: 400, title: 'A header of the upload is missing or wrong' },
  upload_version_unsupported: { status: 412, title: 'The version of the upload protocol is not spoken here' },
  upload_offset_mismatch: { status: 409, title: 'The upload has another number of bytes' },
  upload_interrupted: { status: 400, title: 'The body ended before it was whole' },
  upload_disabled: { status: 403, title: 'The server does not take uploads' },
  insufficient_storage: { status: 507, title: 'The server has not enough free disk space' },
  transfer_not_found: { status: 404, title: 'Nobody waits for this transfer' },

  // The executor and its link
  enrolment_token_invalid: { status: 401, title: 'The enrolment token is unknown, used or expired' },
  server_revoked: { status: 403, title: 'The server has been revoked' },
  slow_reader: { status: 429, title: 'The reader was too slow' },
  too_many_streams: { status: 503, title: 'Too many streams are open on the server' },
  upgrade_required: { status: 426, title: 'The route speaks WebSocket only' },
  executor_offline: { status: 503, title: 'The executor of the server is offline' },
  executor_lost: { status: 503, title: 'The executor went silent before it answered' },
  unsupported_command: { status: 501, title: 'The executor does not know the command' },
  engine_unreachable: { status: 503, title: 'The Docker engine does not answer' },
  engine_error: { status: 502, title: 'The Docker engine refused' },
  proxy_unavailable: { status: 503, title: 'The proxy does not answer' },

  // Why a deployment ended
  image_not_found: { status: 422, title: 'The image does not exist or needs credentials' },
  image_pull_failed: { status: 502, title: 'The image could not be pulled' },
  policy_refused: { status: 422, title: 'The container policy of the server refuses this' },
  container_start_failed: { status: 422, title: 'The container could not be started' },
  container_exited: { status: 422, title: 'The container exited before it was healthy' },
  health_check_failed: { status: 422, title: 'The container did not become healthy in time' },
  deadline_exceeded: { status: 504, title: 'The deadline passed' },
  deployment_cancelled: { status: 409, title: 'The deployment was cancelled' },
  app_deleted: { status: 409, title: 'The app was deleted' },

  internal_error: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof table;

export const errorCodes = Object.keys(table) as [ErrorCode, ...ErrorCode[]];

export function errorEntry(code: ErrorCode): ErrorEntry {
  return table[code];
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

/** One place in the request that is wrong. `pointer` is an RFC 6901 JSON pointer into the body, or `?name` of a query parameter. */
export interface FieldError {
  pointer: string;
  code: ErrorCode;
  detail: string;
}

interface AppErrorOptions {
  /** What happened and what shows more, for the person who reads the reply. Never a secret, never user input unquoted. */
  detail?: string;
  errors?: FieldError[];
  /** Extension members of the problem document, snake_case. */
  extra?: Record<string, unknown>;
  /** Seconds after which trying again makes sense (`Retry-After`). */
  retryAfter?: number;
  /** The private half: logged with the request id, never answered. */
  cause?: unknown;
}

/** The one error that handlers, services and the executor throw. Public half: `code`, `detail`, `errors`, `extra`; private half: `cause`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldError[];
  readonly extra: Record<string, unknown>;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? table[code].title, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.extra = options.extra ?? {};
    this.retryAfter = options.retryAfter;
  }

  get status(): number {
    return table[this.code].status;
  }
}
