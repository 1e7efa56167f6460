//! What the database itself holds beside rows: tables, columns, indexes, triggers, functions. A
//! trigger that somebody added changes what is written, and no row tells of it; so all of it is
//! held against what the migrations make.
//!
//! SQLite keeps every definition as text: a fresh database in memory is the measure. For PostgreSQL
//! the measure is `migrations/schema.postgres.txt`, which a test makes anew from the migrations on a
//! real server: to make another schema at run time takes rights that Muster should not have. Both
//! list what extensions did not bring.

use std::collections::BTreeMap;

use sqlx::AnyPool;

use super::{
    Location, OrgStore, StoreError,
    columns::text,
    driver::{Dialect, Driver},
    migrate,
};

/// What PostgreSQL lists after every migration, `name<TAB>definition` a line.
const POSTGRES: &str = include_str!("../../migrations/schema.postgres.txt");

/// A table that `ANALYZE` makes is no change; what is made by itself has no text.
const SQLITE: &str = "SELECT type || ' ' || name, tbl_name || ' ' || coalesce(sql, '') \
                      FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'";

/// Numbers of types, kinds and collations are the same on every server; definitions printed by the
/// server are not, so none is used but that of constraints.
const LISTED: &[&str] = &[
    "SELECT 'table ' || c.relname, concat_ws(' ', c.relkind, c.relpersistence, \
     c.relrowsecurity, c.relforcerowsecurity, c.relispartition) FROM pg_class c \
     WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind NOT IN ('i', 'I', 't') \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    "SELECT 'column ' || c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, \
     a.atttypmod), a.attcollation, a.attnotnull, a.attidentity, a.attgenerated, \
     pg_get_expr(f.adbin, f.adrelid)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
     LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum \
     WHERE c.relnamespace = to_regnamespace(current_schema()) AND a.attnum > 0 \
     AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    "SELECT 'index ' || i.relname, concat_ws(' ', c.relname, x.indisunique, x.indisprimary, \
     x.indisvalid, x.indisready, x.indpred IS NULL, x.indexprs IS NULL, (SELECT \
     string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY \
     AS k(number, place) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number)) \
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid \
     WHERE c.relnamespace = to_regnamespace(current_schema()) \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    "SELECT 'constraint ' || o.conname, concat_ws(' ', c.relname, o.contype, \
     pg_get_constraintdef(o.oid)) FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid \
     WHERE c.relnamespace = to_regnamespace(current_schema()) AND o.contype <> 'n' \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    "SELECT 'trigger ' || t.tgname, concat_ws(' ', c.relname, t.tgtype, t.tgenabled, p.proname, \
     p.pronamespace = c.relnamespace, t.tgqual IS NULL, t.tgnargs, t.tgattr::text) \
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid \
     WHERE c.relnamespace = to_regnamespace(current_schema()) AND NOT t.tgisinternal",
    "SELECT 'function ' || p.proname || '/' || p.pronargs, concat_ws(' ', l.lanname, p.prosecdef, \
     p.proconfig::text, p.prorettype::regtype, \
     encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')) FROM pg_proc p \
     JOIN pg_language l ON l.oid = p.prolang \
     WHERE p.pronamespace = to_regnamespace(current_schema()) \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
    "SELECT 'operator ' || o.oprname, o.oprcode::text FROM pg_operator o \
     WHERE o.oprnamespace = to_regnamespace(current_schema()) \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')",
    "SELECT 'rule ' || r.rulename, concat_ws(' ', c.relname, r.ev_type, r.ev_enabled, \
     r.is_instead) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class \
     WHERE c.relnamespace = to_regnamespace(current_schema()) \
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    "SELECT 'row policy ' || y.polname, concat_ws(' ', c.relname, y.polcmd) FROM pg_policy y \
     JOIN pg_class c ON c.oid = y.polrelid \
     WHERE c.relnamespace = to_regnamespace(current_schema())",
    "SELECT 'child of ' || p.relname, c.relname FROM pg_inherits h JOIN pg_class p \
     ON p.oid = h.inhparent JOIN pg_class c ON c.oid = h.inhrelid \
     WHERE p.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p', 'f')",
];

/// Everything that is there beside rows, by name.
type Schema = BTreeMap<String, String>;

async fn listed(driver: &Driver) -> Result<Schema, StoreError> {
    let statements: &[&str] = match driver.dialect {
        Dialect::Sqlite => &[SQLITE],
        Dialect::Postgres => LISTED,
    };
    let pool: &AnyPool = &driver.pool;
    let mut schema = Schema::new();
    for sql in statements {
        let sql: &'static str = sql;
        let rows = sqlx::query(sql).fetch_all(pool).await.map_err(|error| driver.fault(error))?;
        for row in rows {
            let (mut name, definition) = (text("schema", &row, 0)?, text("schema", &row, 1)?);
            // Overloads, and triggers of one name on two tables.
            while schema.contains_key(&name) {
                name.push('+');
            }
            schema.insert(name, definition);
        }
    }
    Ok(schema)
}

impl OrgStore {
    /// Everything that the database holds beside rows, `name<TAB>definition` a line, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn schema(&self) -> Result<String, StoreError> {
        let schema = listed(self.store.driver()).await?;
        Ok(schema.iter().map(|(name, is)| format!("{name}\t{is}\n")).collect())
    }

    /// Where the database is not as the migrations make it: what is missing, foreign or another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn schema_differences(&self) -> Result<Vec<String>, StoreError> {
        let driver = self.store.driver();
        let should = match driver.dialect {
            Dialect::Sqlite => {
                let fresh = Driver::open(&Location::SqliteMemory).await?;
                migrate::migrate(&fresh, &self.store.0.env).await?;
                let schema = listed(&fresh).await?;
                fresh.pool.close().await;
                schema
            }
            Dialect::Postgres => {
                let pair = |line: &str| {
                    let (name, is) = line.split_once('\t')?;
                    Some((name.to_owned(), is.to_owned()))
                };
                POSTGRES.lines().filter_map(pair).collect()
            }
        };
        let is = listed(driver).await?;
        let mut found = Vec::new();
        for (name, definition) in &should {
            match is.get(name) {
                None => found.push(format!("the database: {name} is missing")),
                Some(other) if other != definition => {
                    found.push(format!("the database: {name} is not as Muster makes it"));
                }
                Some(_) => {}
            }
        }
        let foreign = is.keys().filter(|name| !should.contains_key(*name));
        found.extend(foreign.map(|name| {
            let name: String = name.chars().take(60).collect();
            format!("the database: {name} was not made by Muster")
        }));
        found.extend(migrate::strange(driver).await?);
        Ok(found)
    }
}
