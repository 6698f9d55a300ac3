//! The predecessor's tables, as its ORM made them on MySQL.

use rotator_storage_mysql::MySqlFactory;
use rotator_storage_trait::{
    DatabaseUrl, LegacyService, StorageError, StorageErrorKind, StorageFactory, StorageOptions,
};
use rotator_test_services::{Database, MARIADB};

const TABLES: &str = "
CREATE TABLE `proxy_configs` (
  `id` bigint unsigned AUTO_INCREMENT, `name` varchar(100) NOT NULL, `slug` varchar(50) NOT NULL,
  `config_type` varchar(20) NOT NULL, `method` varchar(10), `target_url` varchar(500), `api_key_location` varchar(20),
  `api_key_name` varchar(100), `target_base_url` longtext, `api_format` varchar(50), `output_format` varchar(50),
  `is_active` tinyint(1) DEFAULT 1, `created_at` datetime(3) NULL, `updated_at` datetime(3) NULL, PRIMARY KEY (`id`)
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE `api_keys` (
  `id` bigint unsigned AUTO_INCREMENT, `key_value` varchar(500) NOT NULL, `is_active` tinyint(1) DEFAULT 1,
  `proxy_config_id` bigint unsigned NOT NULL, `created_at` datetime(3) NULL, `updated_at` datetime(3) NULL,
  PRIMARY KEY (`id`), CONSTRAINT `fk_proxy_configs_api_keys` FOREIGN KEY (`proxy_config_id`)
  REFERENCES `proxy_configs` (`id`) ON DELETE CASCADE
) DEFAULT CHARSET=utf8mb4;
INSERT INTO `proxy_configs` VALUES
  (7, '天气 🔑', 'weather', 'GENERIC', 'GET', 'https://api.example.com/v1', 'query', 'key', NULL, NULL, NULL, 1,
   '2024-05-06 07:08:09.123', NULL),
  (3, 'llm', 'llm', 'LLM', '', NULL, NULL, '', 'https://llm.example.com', 'openai_compatible', 'none', NULL, NULL, NULL);
INSERT INTO `api_keys` VALUES
  (2, 'sk-two', 0, 7, NULL, NULL), (1, 'sk-öne', 1, 7, NULL, NULL), (3, '', 1, 7, NULL, NULL), (4, 'sk-4', NULL, 3, NULL, NULL);
";

async fn read(database: &Database) -> Result<Vec<LegacyService>, StorageError> {
    MySqlFactory.read_legacy(&DatabaseUrl::new(database.url()), &StorageOptions::default()).await
}

#[tokio::test]
async fn the_predecessors_services_and_keys_are_read() {
    let database = MARIADB.database().unwrap();
    database.execute(TABLES).unwrap();
    let services = read(&database).await.unwrap();
    let [llm, weather] = services.as_slice() else { panic!("{services:?}") };
    assert_eq!((llm.draft.name.as_str(), llm.draft.is_active), ("llm", false));
    assert_eq!((llm.draft.method.as_deref(), llm.draft.target_url.as_deref()), (None, None));
    assert_eq!(llm.draft.target_base_url.as_deref(), Some("https://llm.example.com"));
    assert_eq!((weather.draft.name.as_str(), weather.draft.slug.as_str()), ("天气 🔑", "weather"));
    assert_eq!(weather.draft.api_key_location.as_deref(), Some("query"));
    assert!(weather.draft.is_active);
    let keys = |service: &LegacyService| -> Vec<(i64, String, bool)> {
        service.keys.iter().map(|key| (key.row, key.value.expose().to_owned(), key.is_active)).collect()
    };
    assert_eq!(keys(weather), [(1, "sk-öne".to_owned(), true), (2, "sk-two".to_owned(), false)]);
    assert_eq!(keys(llm), [(4, "sk-4".to_owned(), false)]);
    // Nothing was written: no table of this program's is there.
    assert_eq!(database.execute("SHOW TABLES").unwrap(), "api_keys\nproxy_configs\n");
}

#[tokio::test]
async fn a_database_without_the_predecessors_tables_is_refused() {
    let database = MARIADB.database().unwrap();
    assert_eq!(read(&database).await.unwrap_err().kind(), &StorageErrorKind::Refused);
}
