//! The file that a tenant moves in: lines of JSON, each ended by a line feed.
//!
//! ```text
//! {"format":"grantor-tenant","version":1,"schema":"..","tenant":{"id":"..","slug":"..","issuer":".."},"check":".."}
//! {"table":"tenants","row":".."}
//! {"table":"users","row":".."}
//! {"rows":2,"digest":".."}
//! ```
//!
//! The passphrase and the tenant's identifier give a key (argon2id, 64 MiB, three passes; the salt is
//! made of the identifier). A row is a JSON object of its columns, in its canonical form, encrypted
//! under that key with AES-256-GCM-SIV and bound to tenant, table and line. Nonces are made of row and
//! place, nothing is random and nothing tells the time: the same rows under the same passphrase are
//! the same bytes. `check` tells a wrong passphrase from an altered file. `digest` is an HMAC-SHA256
//! over every byte before its line: what is cut off, moved or altered is refused.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_jose::{PortableDigest, PortableKey, SecretBytes};
use grantor_protocol::model::TenantId;
use grantor_store::{PortableRow, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Refusal, TransferError};
use crate::app::Fault;

const FORMAT: &str = "grantor-tenant";

/// Counted up when a reader of the version before would misunderstand the file.
const VERSION: u32 = 1;

/// Longest line that is written and read, in bytes. The longest row there can be is a webhook's delivery: two
/// documents of the admin API, a tenant's before and after a change, quoted in a text and encoded in base64.
const LONGEST_LINE: u64 = 8 * 1024 * 1024;

/// A batch ends with so many rows, or with the row that makes it so many bytes of lines.
const BATCH_ROWS: usize = 200;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// RFC 9106 §4, the second recommended setting but for the lanes: 64 MiB, three passes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// The migration that the rows are of.
    pub schema: String,
    pub tenant: TenantName,
    check: String,
}

/// Which tenant is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantName {
    pub id: TenantId,
    pub slug: String,
    pub issuer: String,
}

#[derive(Serialize, Deserialize)]
struct RowLine<'a> {
    table: std::borrow::Cow<'a, str>,
    row: String,
}

#[derive(Serialize, Deserialize)]
struct LastLine {
    rows: u64,
    digest: String,
}

/// The key of a tenant's file, which takes a tenth of a second of a core: call it where nobody waits.
fn key(passphrase: &SecretBytes, tenant: TenantId) -> Result<PortableKey, Fault> {
    let mut salt = Sha256::new();
    salt.update(b"grantor tenant export");
    salt.update(tenant.as_bytes());
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|error| Fault::internal(error.to_string()))?;
    let mut secret = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose(), &salt.finalize()[..16], &mut secret)
        .map_err(|error| Fault::internal(error.to_string()))?;
    Ok(PortableKey::new(&secret)?)
}

/// What a row is bound to.
fn place(tenant: TenantId, table: &str, number: u64) -> Vec<u8> {
    [b"grantor tenant row".as_slice(), tenant.as_bytes(), &number.to_be_bytes(), table.as_bytes()].concat()
}

/// Writes a file row by row.
pub struct Writer<W: Write> {
    out: BufWriter<W>,
    key: PortableKey,
    digest: PortableDigest,
    tenant: TenantId,
    rows: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the first line.
    pub fn begin(out: W, passphrase: &SecretBytes, schema: &str, tenant: TenantName) -> Result<Self, Fault> {
        let key = key(passphrase, tenant.id)?;
        let digest = key.digest();
        let mut writer = Self { out: BufWriter::new(out), digest, tenant: tenant.id, rows: 0, key };
        let check = URL_SAFE_NO_PAD.encode(writer.key.check());
        let header =
            Header { format: FORMAT.to_owned(), version: VERSION, schema: schema.to_owned(), tenant, check };
        writer.line(&header)?;
        Ok(writer)
    }

    /// Writes a row, in which the master key seals nothing any more.
    pub fn row(&mut self, row: &PortableRow) -> Result<(), Fault> {
        let text = canonical_json(&row.document());
        let sealed = self.key.seal(&place(self.tenant, row.table(), self.rows), text.as_bytes())?;
        self.rows += 1;
        self.line(&RowLine { table: row.table().into(), row: URL_SAFE_NO_PAD.encode(sealed) })
    }

    /// Writes the last line: without it the file is refused.
    pub fn finish(mut self) -> Result<W, Fault> {
        let code = std::mem::replace(&mut self.digest, self.key.digest()).finish();
        let last = LastLine { rows: self.rows, digest: URL_SAFE_NO_PAD.encode(code) };
        self.line(&last)?;
        self.out.into_inner().map_err(|error| Fault::internal(error.into_error()))
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        let mut line = serde_json::to_vec(value).map_err(Fault::internal)?;
        line.push(b'\n');
        if line.len() as u64 > LONGEST_LINE {
            return Err(Fault::internal("a row is longer than any that an import takes"));
        }
        self.digest.update(&line);
        self.out.write_all(&line).map_err(Fault::internal)
    }
}

/// Reads a file row by row. What it gives may be trusted only once it has said that there is no more.
pub struct Reader<R: Read> {
    input: BufReader<R>,
    pub header: Header,
    key: PortableKey,
    digest: PortableDigest,
    rows: u64,
    /// Of the lines that were read.
    bytes: usize,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the first line.
    pub fn begin(input: R, passphrase: &SecretBytes) -> Result<Self, TransferError> {
        let mut input = BufReader::new(input);
        let line = line(&mut input)?;
        let foreign = || Refusal::new("it is not an export of a tenant");
        let found: Value = serde_json::from_slice(&line).map_err(|_| foreign())?;
        if found.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(foreign().into());
        }
        if found.get("version").and_then(Value::as_u64) != Some(u64::from(VERSION)) {
            return Err(Refusal::new("a newer version made it: its format is not known here").into());
        }
        let header: Header = serde_json::from_value(found).map_err(|_| foreign())?;
        let key = key(passphrase, header.tenant.id)?;
        if !key.same(URL_SAFE_NO_PAD.encode(key.check()).as_bytes(), header.check.as_bytes()) {
            return Err(Refusal::new("the passphrase is not the one that it was exported with").into());
        }
        let mut digest = key.digest();
        digest.update(&line);
        Ok(Self { input, header, key, digest, rows: 0, bytes: 0, ended: false })
    }

    /// The next rows, as many as are written together; none when all were read, as
    /// [`read_row`](Self::read_row) says it.
    pub fn read_batch(&mut self) -> Result<Vec<PortableRow>, TransferError> {
        let (mut batch, before) = (vec![], self.bytes);
        while !self.ended && batch.len() < BATCH_ROWS && self.bytes - before < BATCH_BYTES {
            batch.extend(self.read_row()?);
        }
        Ok(batch)
    }

    /// The next row; None when all were read and nothing is missing or altered.
    pub fn read_row(&mut self) -> Result<Option<PortableRow>, TransferError> {
        let line = line(&mut self.input)?;
        let number = self.rows + 2;
        let malformed = || Refusal::new(format!("line {number} is not one of an export, or was altered"));
        self.bytes = self.bytes.saturating_add(line.len());
        if let Ok(last) = serde_json::from_slice::<LastLine>(&line) {
            self.ended = true;
            return self.end(&last).map(|()| None);
        }
        self.digest.update(&line);
        let RowLine { table, row } = serde_json::from_slice(&line).map_err(|_| malformed())?;
        let sealed = URL_SAFE_NO_PAD.decode(row).map_err(|_| malformed())?;
        let tenant = self.header.tenant.id;
        let opened = self.key.open(&place(tenant, &table, self.rows), &sealed).map_err(|_| malformed())?;
        let document: Map<String, Value> =
            serde_json::from_slice(opened.expose()).map_err(|_| malformed())?;
        self.rows += 1;
        let row = PortableRow::parse(&table, document, tenant);
        row.map(Some).map_err(|error| Refusal::new(format!("line {number}: {error}")).into())
    }

    fn end(&mut self, last: &LastLine) -> Result<(), TransferError> {
        let code = std::mem::replace(&mut self.digest, self.key.digest()).finish();
        let whole = last.rows == self.rows
            && self.key.same(URL_SAFE_NO_PAD.encode(code).as_bytes(), last.digest.as_bytes())
            && self.input.fill_buf().map_err(Fault::internal)?.is_empty();
        match whole {
            true => Ok(()),
            false => Err(Refusal::new("it was altered after it was exported").into()),
        }
    }
}

/// One line, its end included.
fn line(input: &mut impl BufRead) -> Result<Vec<u8>, TransferError> {
    let mut line = vec![];
    input.take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(Fault::internal)?;
    match line.last() {
        Some(b'\n') => Ok(line),
        _ => Err(Refusal::new("it ends before its last line, or is not an export of a tenant").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);

    /// A row of a table that has one text, of this length.
    fn row(length: usize) -> PortableRow {
        let id = URL_SAFE_NO_PAD.encode(TENANT.as_bytes());
        let document = serde_json::json!({
            "tenant_id": id, "subject": "s".repeat(length), "role": "r", "scope": "*", "created_at": 0,
        });
        let Value::Object(members) = document else { panic!("an object") };
        PortableRow::parse("role_assignments", members, TENANT).unwrap()
    }

    fn written(rows: &[PortableRow]) -> Result<Vec<u8>, Fault> {
        let (slug, issuer) = ("acme".to_owned(), "https://id.example/t/acme".to_owned());
        let mut writer = Writer::begin(vec![], &passphrase(), "1", TenantName { id: TENANT, slug, issuer })?;
        rows.iter().try_for_each(|row| writer.row(row))?;
        writer.finish()
    }

    fn passphrase() -> SecretBytes {
        SecretBytes::new(b"a passphrase of tests".to_vec())
    }

    fn batches(file: &[u8]) -> Vec<usize> {
        let mut reader = Reader::begin(file, &passphrase()).unwrap();
        let batches =
            std::iter::from_fn(|| Some(reader.read_batch().unwrap().len()).filter(|rows| *rows > 0));
        batches.collect()
    }

    #[test]
    fn a_batch_ends_by_rows_or_by_bytes() {
        let mut rows = vec![row(1); BATCH_ROWS];
        assert_eq!(batches(&written(&rows).unwrap()), [BATCH_ROWS]);
        rows.push(row(1));
        assert_eq!(batches(&written(&rows).unwrap()), [BATCH_ROWS, 1]);
        // Base64 makes four bytes of three.
        let long = row(BATCH_BYTES / 4 * 3 / 2);
        let rows = [row(1), long.clone(), long.clone(), row(1), long.clone(), long, row(1)];
        assert_eq!(batches(&written(&rows).unwrap()), [3, 3, 1]);
    }

    /// What is written can be read.
    #[test]
    fn a_line_has_its_bound_at_both_ends() {
        let longest = LONGEST_LINE as usize;
        assert!(written(&[row(longest)]).is_err());
        assert_eq!(batches(&written(&[row(longest / 4 * 3 - 4096), row(1)]).unwrap()), [1, 1]);
        let endless = vec![b'x'; longest + 1];
        assert!(matches!(line(&mut endless.as_slice()), Err(TransferError::Refused(_))));
    }
}
