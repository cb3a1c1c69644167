CREATE TABLE `audit_entries` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`actor` text NOT NULL,
	`via` text NOT NULL,
	`credential` text,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`outcome` text NOT NULL,
	`detail` text NOT NULL,
	`request_id` text,
	`created_at` integer NOT NULL,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_entries_id_unique` ON `audit_entries` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `audit_entries_previousHash_unique` ON `audit_entries` (`previous_hash`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_actor` ON `audit_entries` (`actor`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_action` ON `audit_entries` (`action`,`seq`);--> statement-breakpoint
CREATE TABLE `shares` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text,
	`team_id` text,
	`project_id` text,
	`app_id` text,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`app_id`) REFERENCES `apps`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "shares_with_one" CHECK((user_id is null) <> (team_id is null)),
	CONSTRAINT "shares_of_one" CHECK((project_id is null) <> (app_id is null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `shares_of_user_in_project` ON `shares` (`user_id`,`project_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `shares_of_user_in_app` ON `shares` (`user_id`,`app_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `shares_of_team_in_project` ON `shares` (`team_id`,`project_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `shares_of_team_in_app` ON `shares` (`team_id`,`app_id`);--> statement-breakpoint
CREATE INDEX `shares_by_project` ON `shares` (`project_id`,`id`);--> statement-breakpoint
CREATE INDEX `shares_by_app` ON `shares` (`app_id`,`id`);--> statement-breakpoint
CREATE TABLE `team_members` (
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`team_id`, `user_id`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `team_members_by_user` ON `team_members` (`user_id`);--> statement-breakpoint
CREATE TABLE `teams` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
-- Whoever has been an administrator longest is the owner.
UPDATE `users` SET `role` = 'owner' WHERE `id` = (SELECT `id` FROM `users` WHERE `role` = 'admin' ORDER BY `created_at`, `id` LIMIT 1);--> statement-breakpoint
CREATE UNIQUE INDEX `users_one_owner` ON `users` (`role`) WHERE role = 'owner';--> statement-breakpoint
CREATE TRIGGER `audit_entries_are_not_changed` BEFORE UPDATE ON `audit_entries` BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END;--> statement-breakpoint
CREATE TRIGGER `audit_entries_are_not_deleted` BEFORE DELETE ON `audit_entries` BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END;
