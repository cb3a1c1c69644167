CREATE TABLE `tickets` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`via` text NOT NULL,
	`app_id` text NOT NULL,
	`action` text NOT NULL,
	`cmd` text,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`app_id`) REFERENCES `apps`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `tickets_by_expiry` ON `tickets` (`expires_at`);--> statement-breakpoint
CREATE TABLE `usage_history` (
	`server_id` text NOT NULL,
	`minute` integer NOT NULL,
	`apps` text NOT NULL,
	PRIMARY KEY(`server_id`, `minute`)
);
--> statement-breakpoint
ALTER TABLE `deployments` ADD `strategy` text DEFAULT 'start-first' NOT NULL;--> statement-breakpoint
ALTER TABLE `deployments` ADD `rollback_of` text;--> statement-breakpoint
ALTER TABLE `removals` ADD `volumes` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
UPDATE `apps` SET `settings` = json_set(`settings`, '$.volumes', json('[]')) WHERE json_type(`settings`, '$.volumes') IS NULL;
