import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'sqlite', schema: ['./worker/store/schema.ts', './worker/store/audit-schema.ts', './worker/store/invitation-schema.ts', './worker/store/tag-schema.ts'], out: './migrations', casing: 'snake_case' });
