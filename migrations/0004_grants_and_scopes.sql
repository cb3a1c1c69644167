ALTER TABLE `api_keys` ADD `scopes` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `reach` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `last_used_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `grants` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
-- Who has keys has been using the API: it goes on.
UPDATE `users` SET `grants` = '["api_tokens"]' WHERE `role` = 'member' AND `id` IN (SELECT `user_id` FROM `api_keys`);
