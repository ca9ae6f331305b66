//! What the hash of an audit event is made of.
//!
//! SHA-256 over [`DOMAIN`] and these columns, in this order: `previous_hash`, `tenant_id`, `sequence`, `id`,
//! `at`, `kind`, `actor`, `actor_key`, `target`, `origin`, `detail`. Every column, `DOMAIN` too, is its length
//! in bytes as 8 bytes, then the bytes; a column without a value is the 8 bytes `ff` alone. Integers are 8
//! bytes; all integers are big-endian. Text is UTF-8. JSON is written without white space, the members of
//! objects in the order of their names' bytes, strings as serde_json escapes them, numbers without exponent or
//! needless digits: databases keep JSON in forms of their own, and give back the value but not its text.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::AuditEventRow;

/// What the first event of a tenant continues.
pub(super) const BEGINNING: [u8; 32] = [0; 32];

const DOMAIN: &[u8] = b"grantor audit event 1";

/// The hash that the row should have.
pub(super) fn hash(row: &AuditEventRow) -> [u8; 32] {
    let mut columns = Columns(Sha256::new());
    columns.add(DOMAIN);
    columns.add(&row.previous_hash);
    columns.add(row.tenant_id.as_slice());
    columns.add(&row.sequence.to_be_bytes());
    columns.add(row.id.as_slice());
    columns.add(&row.at.microseconds().to_be_bytes());
    columns.add(row.kind.as_bytes());
    columns.add(&canonical(&row.actor));
    columns.add(row.actor_key.as_bytes());
    columns.add(row.target.as_bytes());
    match &row.origin {
        Some(origin) => columns.add(&canonical(origin)),
        None => columns.0.update(u64::MAX.to_be_bytes()),
    }
    columns.add(&canonical(&row.detail));
    columns.0.finalize().into()
}

struct Columns(Sha256);

impl Columns {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }
}

fn canonical(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    write(value, &mut text);
    text.into_bytes()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_bytes());
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Number(number) if number.is_f64() => {
            // Adding zero takes the sign from a negative one.
            text.push_str(&(number.as_f64().unwrap_or_default() + 0.0).to_string());
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row() -> AuditEventRow {
        AuditEventRow {
            tenant_id: grantor_protocol::Id::<()>::from_bytes([1; 16]).into(),
            id: grantor_protocol::Id::<()>::from_bytes([2; 16]).into(),
            at: grantor_protocol::Timestamp::from_unix_seconds(1_800_000_000).into(),
            kind: "client.changed".to_owned(),
            actor: json!({ "kind": "system" }),
            actor_key: "system".to_owned(),
            target: "app".to_owned(),
            detail: json!({ "b": [1, null, true], "a": { "ü": "\"\u{1}" } }),
            origin: Some(json!({ "correlation_id": "1" })),
            sequence: 7,
            previous_hash: BEGINNING.to_vec(),
            hash: vec![],
        }
    }

    /// Trails that exist must go on being whole: what this says may never change.
    #[test]
    fn the_encoding_is_for_ever() {
        let hash: String = hash(&row()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "049ea52cdd1360b05c7477db2c28f84acb1e795087697b3ca6def55bc2f473e8");
    }

    #[test]
    fn members_come_in_one_order_and_values_keep_their_kinds() {
        let text = |value| String::from_utf8(canonical(&value)).unwrap();
        assert_eq!(text(row().detail), "{\"a\":{\"ü\":\"\\\"\\u0001\"},\"b\":[1,null,true]}");
        assert_ne!(text(json!({ "a": "1" })), text(json!({ "a": 1 })));
        assert_ne!(text(json!({ "a": null })), text(json!({})));
        assert_eq!(text(json!([1e16, -0.0, 2.0, 0.5])), "[10000000000000000,0,2,0.5]");
        assert_eq!(text(json!([-1, u64::MAX, "", [], {}])), "[-1,18446744073709551615,\"\",[],{}]");
    }

    /// Neither can a byte move from one column to the next, nor anything be another column's.
    #[test]
    fn every_column_counts() {
        let changes: [fn(&mut AuditEventRow); 13] = [
            |row| row.previous_hash = vec![1; 32],
            |row| row.tenant_id = grantor_protocol::Id::<()>::from_bytes([3; 16]).into(),
            |row| row.id = grantor_protocol::Id::<()>::from_bytes([3; 16]).into(),
            |row| row.sequence += 1,
            |row| row.at = grantor_protocol::Timestamp::from_unix_seconds(1_800_000_001).into(),
            |row| row.kind = "client.change".to_owned(),
            |row| row.actor = json!({ "kind": "anonymous" }),
            |row| row.actor_key = "anonymous".to_owned(),
            |row| (row.actor_key, row.target) = ("systema".to_owned(), "pp".to_owned()),
            |row| row.target = "web".to_owned(),
            |row| row.origin = None,
            |row| row.origin = Some(json!(null)),
            |row| row.detail = json!({}),
        ];
        let hashes: std::collections::BTreeSet<_> = changes
            .into_iter()
            .map(|change| {
                let mut changed = row();
                change(&mut changed);
                hash(&changed)
            })
            .chain([hash(&row())])
            .collect();
        assert_eq!(hashes.len(), 14);
    }
}
