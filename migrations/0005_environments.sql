CREATE TABLE `environments` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text DEFAULT '' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `environments_by_project` ON `environments` (`project_id`,`name`);--> statement-breakpoint
ALTER TABLE `apps` ADD `environment_id` text REFERENCES environments(id) ON DELETE SET NULL;--> statement-breakpoint
CREATE INDEX `apps_by_environment` ON `apps` (`environment_id`);--> statement-breakpoint
INSERT INTO `environments` (`id`, `project_id`, `name`, `created_at`, `updated_at`) SELECT 'env_' || substr(`id`, 5), `id`, 'production', `created_at`, `created_at` FROM `projects`;--> statement-breakpoint
-- Whoever makes a project, also an earlier release on this schema.
CREATE TRIGGER `project_has_environment` AFTER INSERT ON `projects` BEGIN INSERT INTO `environments` (`id`, `project_id`, `name`, `created_at`, `updated_at`) VALUES ('env_' || substr(NEW.`id`, 5), NEW.`id`, 'production', NEW.`created_at`, NEW.`created_at`); END;
