//! What becomes of a record on its way.

use rotator_domain::metering::{Span, Unit};
use rotator_domain::rotation::{Glob, KeyPolicy, Limits, QuotaGroup};
use rotator_domain::{
    AdminTokenId, Budget, ClientKey, ClientLimits, ClientPolicy, DigestKey, KeyLabel, MasterKey, PreviousDigest,
    PreviousSecret, PriceOverride, Role, TargetUrl, TokenPrice, Webhook, WebhookEvent, WebhookId, WebhookThresholds,
};
use rotator_storage_trait::{AdminToken, AdminUser, AuditEntry};

use super::*;

fn vault() -> Vault {
    Vault::new(&MasterKey::generate().unwrap())
}

/// What a record becomes on its way from one master key to another.
fn moved(record: Record, from: &Vault, to: &Vault) -> Record {
    let line = Entry::of(record, from).unwrap().line().unwrap();
    assert_eq!(line.expose().lines().count(), 1);
    Entry::parse(line.expose()).unwrap().into_record(to).unwrap()
}

#[test]
fn a_key_moves_whole_and_is_sealed_anew() {
    let (from, to) = (vault(), vault());
    let context = SealContext::UpstreamKey(KeyId(7));
    let policy = KeyPolicy {
        weight: 3,
        tier: 2,
        limits: Limits { requests_per_minute: Some(1), max_concurrency: Some(2), ..Limits::default() },
        models: vec![Glob::new("gpt-*".to_owned())],
        group: Some(QuotaGroup("g".to_owned())),
    };
    let key = KeyRecord {
        id: KeyId(7),
        service_id: ServiceId(3),
        sealed: from.seal(context, &Secret::new("sk-1")).unwrap(),
        digest: Digest([0xd1; 32]),
        label: Some(KeyLabel::new("第一 🔑 \"").unwrap()),
        is_active: false,
        policy,
        created_at: at(-1),
        updated_at: at(i64::MAX),
    };
    let usual = KeyRecord { label: None, is_active: true, policy: KeyPolicy::default(), ..key.clone() };
    for key in [key, usual] {
        let Record::UpstreamKey(there) = moved(Record::UpstreamKey(key.clone()), &from, &to) else { panic!() };
        assert_eq!(to.open(context, &there.sealed).unwrap().expose(), "sk-1");
        assert_eq!(KeyRecord { sealed: key.sealed.clone(), ..there }, key);
        // Under another master key nothing leaves.
        assert!(matches!(Entry::of(Record::UpstreamKey(key), &to), Err(MovingError::Seal(_))));
    }
}

#[test]
fn a_setting_need_not_be_text() {
    let (from, to) = (vault(), vault());
    let key = DigestKey::generate().unwrap();
    let setting = SettingRecord { name: "digest-key".to_owned(), sealed: from.seal_digest_key(&key).unwrap() };
    let Record::Setting(there) = moved(Record::Setting(setting), &from, &to) else { panic!() };
    assert_eq!(to.open_digest_key(&there.sealed).unwrap().client_key(b"v"), key.client_key(b"v"));
}

#[test]
fn a_service_moves_with_every_field() {
    let text = r#"{"kind":"service","id":5,"created_at":-1,"updated_at":2,"service":{
        "name":"n","slug":"s","config_type":"LLM","is_active":false,"target_base_url":"https://llm.example.com/v1",
        "api_format":"openai_responses","output_format":"auto","http_version":"http2",
        "connect_timeout_ms":1,"first_byte_timeout_ms":2,"idle_timeout_ms":3,"strategy":"weighted","affinity":true,
        "limits":{"rpm":1},"quota_groups":{"g":{"tpm":2}},"max_attempts":3,"deadline_ms":4,"retry_after_send":true,
        "max_waiting":0,"max_wait_ms":0,"model_aliases":{"a":"b"},"fallback":[{"slug":"o","models":{"c":"d"}}],
        "rotation_headers":false,"strict":true}}"#;
    let record = Entry::parse(text).unwrap().into_record(&vault()).unwrap();
    let Record::Service(service) = &record else { panic!() };
    assert_eq!((service.id, service.created_at, service.updated_at), (ServiceId(5), at(-1), at(2)));
    assert!(!service.is_active && ServiceDraft::from(&**service).strict == Some(true));
    assert_eq!(moved(record.clone(), &vault(), &vault()), record);
}

#[test]
fn a_client_key_moves_with_what_its_holder_may_do() {
    let budget = |unit, amount, period| Budget { unit, amount, period };
    let policy = ClientPolicy {
        services: vec![Glob::new("team-*")],
        models: vec![Glob::new("天气-*"), Glob::new("o3")],
        sources: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        limits: ClientLimits {
            requests_per_minute: Some(1),
            requests_per_day: Some(1_000_000_000_000),
            tokens_per_minute: Some(3),
            tokens_per_day: Some(4),
            concurrent: Some(5),
            // To the last thousand-millionth of a dollar.
            budgets: vec![
                budget(Unit::Nanodollars, 999_999_999_999_999, Span::Month),
                budget(Unit::Nanodollars, 1, Span::Day),
                budget(Unit::Tokens, 999_999_999_999_999, Span::Total),
            ],
        },
    };
    let plain = ClientKey::new(ClientKeyId(9), "first".to_owned(), "rk-abcdefgh", Digest([9; 32]), at(-1));
    let rich = ClientKey {
        is_active: false,
        previous: Some(PreviousDigest { digest: Digest([8; 32]), until: at(i64::MAX) }),
        expires_at: Some(at(1)),
        policy,
        ..plain.clone()
    };
    for key in [plain, rich] {
        let record = Record::ClientKey(key);
        assert_eq!(moved(record.clone(), &vault(), &vault()), record);
    }
}

#[test]
fn a_client_key_of_a_version_that_knew_less_of_it_may_do_everything() {
    let digest = STANDARD.encode([7; 32]);
    let text =
        format!(r#"{{"kind":"client_key","id":1,"name":"a","digest":"{digest}","is_active":true,"created_at":2}}"#);
    let entry = Entry::parse(&text).unwrap();
    assert_eq!(entry.line().unwrap().expose(), text);
    let key = ClientKey::new(ClientKeyId(1), "a".to_owned(), "", Digest([7; 32]), at(2));
    assert_eq!(entry.into_record(&vault()).unwrap(), Record::ClientKey(key));
}

#[test]
fn administrators_their_tokens_and_deeds_move_whole() {
    let user = AdminUser {
        username: "jane".to_owned(),
        password_hash: "$argon2id$".to_owned(),
        updated_at: at(-1),
        role: Role::Operator,
        is_disabled: true,
        session_epoch: 7,
        kept_session: Some("s".to_owned()),
    };
    let token = AdminToken {
        id: AdminTokenId(3),
        name: "ci".to_owned(),
        digest: Digest([3; 32]),
        prefix: "rat-abcd".to_owned(),
        scope: Role::Viewer,
        owner: Some("jane".to_owned()),
        created_by: "token:other".to_owned(),
        created_at: at(1),
        expires_at: Some(at(2)),
        last_used_at: Some(at(3)),
    };
    let entry = AuditEntry {
        id: 4,
        at: at(5),
        actor: "token:ci".to_owned(),
        remote: Some("192.0.2.1".to_owned()),
        action: "key.update".to_owned(),
        subject: "key:1".to_owned(),
        detail: Some("weight".to_owned()),
        owner: Some("jane".to_owned()),
        request_id: Some("r-7".to_owned()),
        changes: Some(r#"{"weight":{"before":1,"after":2}}"#.to_owned()),
    };
    let nobodys = AdminToken { owner: None, scope: Role::Admin, ..token.clone() };
    for record in
        [Record::AdminUser(user), Record::AdminToken(token), Record::AdminToken(nobodys), Record::Audit(entry)]
    {
        assert_eq!(moved(record.clone(), &vault(), &vault()), record);
    }
}

#[test]
fn a_webhook_moves_and_its_secrets_are_sealed_anew() {
    let (from, to) = (vault(), vault());
    let context = SealContext::Webhook(WebhookId(7));
    let seal = |secret: &str| from.seal(context, &Secret::new(secret)).unwrap();
    let plain = Webhook {
        id: WebhookId(7),
        name: "第一 🔑".to_owned(),
        url: TargetUrl::parse("https://ops.example.com/hook?a=b").unwrap(),
        events: vec![WebhookEvent::PoolLow, WebhookEvent::BudgetNear],
        services: vec![Glob::new("team-*")],
        is_enabled: false,
        thresholds: WebhookThresholds { pool_low: 1, budget_near: 100 },
        sealed: seal("whsec_new"),
        previous: None,
        created_at: at(-1),
        updated_at: at(i64::MAX),
    };
    let previous = Some(PreviousSecret { sealed: seal("whsec_old"), until: at(5) });
    for webhook in [plain.clone(), Webhook { previous, ..plain }] {
        let Record::Webhook(there) = moved(Record::Webhook(Box::new(webhook.clone())), &from, &to) else { panic!() };
        assert_eq!(to.open(context, &there.sealed).unwrap().expose(), "whsec_new");
        let old = there.previous.as_ref().map(|previous| (to.open(context, &previous.sealed).unwrap(), previous.until));
        assert_eq!(old, webhook.previous.as_ref().map(|_| (Secret::new("whsec_old"), at(5))));
        assert_eq!(Webhook { sealed: webhook.sealed.clone(), previous: webhook.previous.clone(), ..*there }, webhook);
    }
}

#[test]
fn administrators_of_a_version_without_roles_may_do_everything() {
    let digest = STANDARD.encode([3; 32]);
    let read = |text: &str| {
        let entry = Entry::parse(text).unwrap();
        assert!(entry.line().unwrap().expose().starts_with(text.trim_end_matches('}')));
        entry.into_record(&vault()).unwrap()
    };
    let user = read(r#"{"kind":"admin_user","username":"jane","password_hash":"h","updated_at":1}"#);
    let Record::AdminUser(user) = user else { panic!() };
    assert_eq!((user.role, user.is_disabled, user.session_epoch, user.kept_session), (Role::Admin, false, 0, None));
    for (maker, owner) in [("jane", Some("jane")), ("token:ci", None)] {
        let token = read(&format!(
            r#"{{"kind":"admin_token","id":3,"name":"ci","digest":"{digest}","created_by":"{maker}","created_at":1,"expires_at":null}}"#
        ));
        let Record::AdminToken(token) = token else { panic!() };
        assert_eq!((token.scope, token.owner.as_deref(), token.prefix.as_str()), (Role::Admin, owner, ""));
        assert_eq!(token.last_used_at, None);
    }
    let audit =
        r#"{"kind":"audit","id":1,"at":2,"actor":"jane","remote":null,"action":"a","subject":"s","detail":null}"#;
    let Record::Audit(entry) = read(audit) else { panic!() };
    assert_eq!((entry.owner, entry.request_id, entry.changes), (None, None, None));
}

#[test]
fn a_price_moves_to_the_last_part_of_a_dollar() {
    let price = TokenPrice { input: 1, cached: Some(0), cache_written: Some(2), output: 1_000_000_000_000 };
    let pattern = Glob::new("vendor/*-天气");
    let plain = TokenPrice { cached: None, cache_written: None, ..price };
    for (price, long) in [(price, Some((u64::MAX, price))), (plain, Some((0, plain))), (plain, None)] {
        let set = PriceOverride { pattern: pattern.clone(), price, long, updated_at: at(-1) };
        let record = Record::Price(set);
        assert_eq!(moved(record.clone(), &vault(), &vault()), record);
    }
}

#[test]
fn what_this_version_does_not_know_is_refused_and_not_repeated() {
    for text in [
        "",
        "planted",
        r#"{"kind":"planted"}"#,
        r#"{"kind":"next_id","next_id":"planted"}"#,
        r#"{"kind":"next_id","next_id":1,"planted":2}"#,
        r#"{"kind":"setting","name":"a","value":"planted!"}"#,
        r#"{"kind":"client_key","id":1,"name":"a","digest":"cGxhbnRlZA==","is_active":true,"created_at":0}"#,
        r#"{"kind":"client_key","id":1,"name":"a","digest":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","is_active":true,"created_at":0,"planted":1}"#,
        r#"{"kind":"client_key","id":1,"name":"a","digest":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","is_active":true,"created_at":0,"sources":["planted"]}"#,
        r#"{"kind":"admin_user","username":"a","password_hash":"h","updated_at":1,"role":"planted"}"#,
        r#"{"kind":"price","pattern":"planted","price":{"input":-1,"output":0},"updated_at":0}"#,
        r#"{"kind":"price","pattern":"planted**","price":{"input":1,"output":0},"updated_at":0}"#,
        r#"{"kind":"key_state","service_id":1,"key_id":1,"model":null,"state":"planted","since":0,"until":0}"#,
    ] {
        let error = Entry::parse(text).and_then(|entry| entry.into_record(&vault())).unwrap_err();
        assert!(matches!(error, MovingError::Entry) && !format!("{error:?}").contains("planted"), "{text}");
    }
}
