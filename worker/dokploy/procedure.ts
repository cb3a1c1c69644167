/**
 * One literal per procedure of Dokploy's API, as `defineRoute` has one per endpoint of ours: what it needs, takes and answers, and the service that does it. No rule lives here: a router is a table
 * of such mappers.
 */
import type { z } from 'zod';
import type { Actor } from '../services/actor.ts';
import type { Context } from '../services/context.ts';
import type { Action } from '../services/permissions.ts';

/** Who asks, what for, and what a service works with. */
export interface Call {
  ctx: Context;
  actor: Actor;
  /** What the procedure needs: what is reached for it is asked by this. */
  action: Action;
}

export interface Procedure {
  /** Queries come by GET, mutations by POST. */
  method: 'get' | 'post';
  action: Action;
  input: z.ZodType;
  /** Null: nothing is answered. */
  output: z.ZodType | null;
  run(call: Call, input: unknown): unknown;
}

/** A value that is JSON already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Router = Readonly<Record<string, Procedure>>;

/** A procedure of Dokploy: what does it here, or what is used instead. */
export interface Listed {
  /** `project.all` */
  path: string;
  method: 'get' | 'post';
  procedure: Procedure | null;
  instead: string;
}

type Answer<Out extends z.ZodType> = z.input<Out> | JsonText;

interface Literal<In extends z.ZodType, Out extends z.ZodType> {
  needs: Action;
  input: In;
  output: Out;
  run(call: Call, input: z.output<In>): Answer<Out> | Promise<Answer<Out>>;
}

export function query<In extends z.ZodType, Out extends z.ZodType>({ needs, ...literal }: Literal<In, Out>): Procedure {
  return { method: 'get', action: needs, ...literal } as Procedure;
}

export function mutation<In extends z.ZodType, Out extends z.ZodType>({ needs, ...literal }: Literal<In, Out>): Procedure {
  return { method: 'post', action: needs, ...literal } as Procedure;
}

/** One that answers nothing: an empty body. */
export function command<In extends z.ZodType>({ needs, input, run }: { needs: Action; input: In; run(call: Call, input: z.output<In>): Promise<void> }): Procedure {
  return { method: 'post', action: needs, input, output: null, run } as Procedure;
}
