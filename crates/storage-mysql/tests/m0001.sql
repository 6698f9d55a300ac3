-- What the first version of the schema looks like, with a service, a key, an administrator and tokens.

CREATE TABLE `admin_tokens` (`id` bigint NOT NULL, `name` text NOT NULL, `digest` binary(32) NOT NULL, `created_by` text NOT NULL, `created_at` bigint NOT NULL, `expires_at` bigint, PRIMARY KEY (`id`), UNIQUE KEY `uq_admin_tokens_digest` (`digest`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `admin_users` (`username` varchar(255) NOT NULL, `password_hash` text NOT NULL, `updated_at` bigint NOT NULL, PRIMARY KEY (`username`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `audit_log` (`id` bigint NOT NULL, `at` bigint NOT NULL, `actor` text NOT NULL, `remote` text, `action` text NOT NULL, `subject` text NOT NULL, `detail` text, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `client_keys` (`id` bigint NOT NULL, `name` text NOT NULL, `digest` binary(32) NOT NULL, `is_active` tinyint(1) NOT NULL, `created_at` bigint NOT NULL, PRIMARY KEY (`id`), UNIQUE KEY `uq_client_keys_digest` (`digest`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `ended_sessions` (`session_id` varchar(255) NOT NULL, `expires_at` bigint NOT NULL, PRIMARY KEY (`session_id`), KEY `ix_ended_sessions_expiry` (`expires_at`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `id_sequence` (`id` bigint NOT NULL, `next_id` bigint NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
INSERT INTO `id_sequence` VALUES (1, 3);
CREATE TABLE `rotator_migrations` (`version` varchar(255) NOT NULL, `applied_at` bigint NOT NULL, PRIMARY KEY (`version`));
INSERT INTO `rotator_migrations` VALUES ('m0001_initial', 0);
CREATE TABLE `services` (`id` bigint NOT NULL, `name` varchar(200) NOT NULL, `slug` varchar(100) NOT NULL, `kind` varchar(20) NOT NULL, `is_active` tinyint(1) NOT NULL, `target_url` text NOT NULL, `methods` text, `provider` text, `api_format` varchar(50), `output_format` varchar(50), `key_location` varchar(20), `key_name` text, `key_prefix` text, `policy` text NOT NULL, `created_at` bigint NOT NULL, `updated_at` bigint NOT NULL, PRIMARY KEY (`id`), UNIQUE KEY `uq_services_name` (`name`), UNIQUE KEY `uq_services_slug` (`slug`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `settings` (`name` varchar(255) NOT NULL, `sealed` blob NOT NULL, PRIMARY KEY (`name`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `upstream_keys` (`id` bigint NOT NULL, `service_id` bigint NOT NULL, `sealed` blob NOT NULL, `digest` binary(32) NOT NULL, `label` varchar(200), `is_active` tinyint(1) NOT NULL, `created_at` bigint NOT NULL, `updated_at` bigint NOT NULL, PRIMARY KEY (`id`), UNIQUE KEY `uq_upstream_keys_digest` (`service_id`, `digest`), KEY `ix_upstream_keys_page` (`service_id`, `id`), CONSTRAINT `fk_upstream_keys_service` FOREIGN KEY (`service_id`) REFERENCES `services` (`id`) ON DELETE CASCADE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
INSERT INTO `admin_users` VALUES ('old admin','$argon2id$old',7);
INSERT INTO `admin_tokens` VALUES (1,'ci',x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1','old admin',7,NULL);
INSERT INTO `admin_tokens` VALUES (2,'made by ci',x'd2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2','token:ci',8,9);
INSERT INTO `audit_log` VALUES (1,7,'old admin','192.0.2.1','token.create','token:1','ci');
INSERT INTO `services` VALUES (1, 'old', 'old', 'LLM', 1, 'https://llm.example.com/v1', NULL, NULL, 'openai_compatible', 'none', NULL, NULL, NULL, '{"idle_timeout_ms":1500,"http_version":"auto"}', 7, 8);
INSERT INTO `upstream_keys` VALUES (2, 1, x'5e5e', x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'old key', 1, 7, 8);
