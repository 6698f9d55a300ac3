-- What the first version of the schema looks like, with a service, a key, an administrator and tokens.

CREATE TABLE admin_tokens (id bigint NOT NULL PRIMARY KEY, name text NOT NULL, digest bytea NOT NULL, created_by text NOT NULL, created_at bigint NOT NULL, expires_at bigint);
CREATE TABLE admin_users (username varchar(255) NOT NULL PRIMARY KEY, password_hash text NOT NULL, updated_at bigint NOT NULL);
CREATE TABLE audit_log (id bigint NOT NULL PRIMARY KEY, at bigint NOT NULL, actor text NOT NULL, remote text, action text NOT NULL, subject text NOT NULL, detail text);
CREATE TABLE client_keys (id bigint NOT NULL PRIMARY KEY, name text NOT NULL, digest bytea NOT NULL, is_active boolean NOT NULL, created_at bigint NOT NULL);
CREATE TABLE ended_sessions (session_id varchar(255) NOT NULL PRIMARY KEY, expires_at bigint NOT NULL);
CREATE TABLE id_sequence (id bigint NOT NULL PRIMARY KEY, next_id bigint NOT NULL);
INSERT INTO id_sequence VALUES (1, 3);
CREATE TABLE rotator_migrations (version varchar NOT NULL PRIMARY KEY, applied_at bigint NOT NULL);
INSERT INTO rotator_migrations VALUES ('m0001_initial', 0);
CREATE TABLE services (id bigint NOT NULL PRIMARY KEY, name varchar(200) NOT NULL, slug varchar(100) NOT NULL, kind varchar(20) NOT NULL, is_active boolean NOT NULL, target_url text NOT NULL, methods text, provider text, api_format varchar(50), output_format varchar(50), key_location varchar(20), key_name text, key_prefix text, policy text NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL);
CREATE TABLE settings (name varchar(255) NOT NULL PRIMARY KEY, sealed bytea NOT NULL);
CREATE TABLE upstream_keys (id bigint NOT NULL PRIMARY KEY, service_id bigint NOT NULL CONSTRAINT fk_upstream_keys_service REFERENCES services (id) ON DELETE CASCADE, sealed bytea NOT NULL, digest bytea NOT NULL, label varchar(200), is_active boolean NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL);
INSERT INTO admin_users VALUES ('old admin', '$argon2id$old', 7);
INSERT INTO admin_tokens VALUES (1, 'ci', '\xd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'old admin', 7, NULL);
INSERT INTO admin_tokens VALUES (2, 'made by ci', '\xd2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2', 'token:ci', 8, 9);
INSERT INTO audit_log VALUES (1, 7, 'old admin', '192.0.2.1', 'token.create', 'token:1', 'ci');
INSERT INTO services VALUES (1, 'old', 'old', 'LLM', true, 'https://llm.example.com/v1', NULL, NULL, 'openai_compatible', 'none', NULL, NULL, NULL, '{"idle_timeout_ms":1500,"http_version":"auto"}', 7, 8);
INSERT INTO upstream_keys VALUES (2, 1, '\x5e5e', '\xd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'old key', true, 7, 8);
CREATE UNIQUE INDEX uq_services_name ON services (name);
CREATE UNIQUE INDEX uq_services_slug ON services (slug);
CREATE UNIQUE INDEX uq_upstream_keys_digest ON upstream_keys (service_id, digest);
CREATE INDEX ix_upstream_keys_page ON upstream_keys (service_id, id);
CREATE UNIQUE INDEX uq_client_keys_digest ON client_keys (digest);
CREATE UNIQUE INDEX uq_admin_tokens_digest ON admin_tokens (digest);
CREATE INDEX ix_ended_sessions_expiry ON ended_sessions (expires_at);
