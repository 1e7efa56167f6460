//! What checks found, and the files that people attached as proof.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use muster_domain::model::{canonical::Digest, check::CheckResult};
use sqlx::AnyConnection;

use super::{
    OrgStore, StoreError,
    columns::{CHECK_RESULTS, FILES, Row, Statement, json_text, parse_json, text, unreadable},
    tx::Tx,
};

impl Tx {
    /// Writes what checks found, by the key of its clock.
    pub fn put_check_results(&mut self, results: &BTreeMap<String, &CheckResult>) {
        let row = |(what, result): (&String, &&CheckResult)| -> Result<Row, StoreError> {
            Ok(vec![what.as_str().into(), json_text("a check result", *result)?.into()])
        };
        self.rows(&CHECK_RESULTS, results.iter().map(row).collect());
    }

    /// Keeps a file under the digest of its bytes.
    pub fn put_file(&mut self, content: &[u8]) {
        let digest = Digest::of(content).to_string();
        self.row(&FILES, Ok(vec![digest.into(), BASE64.encode(content).into()]));
    }
}

impl OrgStore {
    /// What checks last found to be wrong, or not to be told, by the key of its clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_results(&self) -> Result<BTreeMap<String, CheckResult>, StoreError> {
        let sql = "SELECT what, doc FROM check_results WHERE org = $1";
        let rows = self.rows(&Statement::of_org(sql, &self.org)).await?;
        rows.iter()
            .map(|row| {
                let doc = text("check_results", row, 1)?;
                Ok((text("check_results", row, 0)?, parse_json("check_results", &doc)?))
            })
            .collect()
    }

    /// The digests under which files are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn files(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT sha256 FROM files WHERE org = $1 ORDER BY sha256";
        let rows = self.rows(&Statement::of_org(sql, &self.org)).await?;
        rows.iter().map(|row| text("files", row, 0)).collect()
    }

    /// The bytes of an attached file.
    ///
    /// # Errors
    /// When the database fails, or the bytes are not those that were kept under this digest.
    pub async fn file(&self, sha256: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let statement = Statement::of_org("SELECT content FROM files WHERE org = $1", &self.org)
            .with("AND sha256 = ?", Some(sha256.to_string()));
        let rows = self.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let content = text("files", row, 0)?;
        let bytes = BASE64.decode(content).map_err(|error| unreadable("files", error))?;
        if Digest::of(&bytes) != *sha256 {
            let other =
                std::io::Error::other("its bytes have another digest than it is kept under");
            return Err(unreadable("files", other));
        }
        Ok(Some(bytes))
    }

    pub(super) async fn settle_checks(
        &self,
        connection: &mut AnyConnection,
        went: &[String],
    ) -> Result<(), StoreError> {
        for what in went {
            sqlx::query("DELETE FROM check_results WHERE org = $1 AND what = $2")
                .bind(self.org.as_str())
                .bind(what.as_str())
                .execute(&mut *connection)
                .await
                .map_err(|error| self.store.fault(error))?;
        }
        Ok(())
    }
}
