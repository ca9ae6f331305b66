//! What the hash of an audit event is made of.
//!
//! SHA-256 over [`DOMAIN`] and these columns, in this order: `previous_hash`, `tenant_id`, `sequence`, `id`,
//! `at`, `kind`, `actor`, `actor_key`, `target`, `origin`, `detail`. Every column, `DOMAIN` too, is its length
//! in bytes as 8 bytes, then the bytes; a column without a value is the 8 bytes `ff` alone. Integers are 8
//! bytes; all integers are big-endian. Text is UTF-8. JSON is in its canonical form.

use sha2::{Digest, Sha256};

use super::AuditEventRow;
use crate::canonical_json::canonical_json;

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
    columns.add(canonical_json(&row.actor).as_bytes());
    columns.add(row.actor_key.as_bytes());
    columns.add(row.target.as_bytes());
    match &row.origin {
        Some(origin) => columns.add(canonical_json(origin).as_bytes()),
        None => columns.0.update(u64::MAX.to_be_bytes()),
    }
    columns.add(canonical_json(&row.detail).as_bytes());
    columns.0.finalize().into()
}

struct Columns(Sha256);

impl Columns {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
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
