/** Codes that stand in the spec of every route behind which there is an executor. */
import type { ErrorCode } from '../../shared/errors.ts';

/** What may go wrong on the way to it. */
export const linkErrors: readonly ErrorCode[] = ['executor_offline', 'executor_lost', 'unsupported_command'];

/** What any call that needs the engine can come back with; `deadline_exceeded`: it answers other questions, and did not do what it was told. */
export const executorErrors: readonly ErrorCode[] = [...linkErrors, 'engine_unreachable', 'engine_error', 'deadline_exceeded'];
