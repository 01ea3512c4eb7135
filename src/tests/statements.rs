//! All SQL of the store is valid on the schema as it is migrated.

use sqlx::{Connection, Executor, PgConnection, SqlSafeStr};

use crate::world::World;

#[tokio::test]
async fn every_statement_of_the_store_prepares_on_the_migrated_schema() {
    let world = World::alone().await;
    let mut connection = PgConnection::connect(world.dsn()).await.unwrap();
    let statements = hub::store::all_statements();
    assert!(statements.len() > 50, "{}", statements.len());
    let mut wrong = Vec::new();
    for (file, name, sql) in statements {
        if let Err(error) = connection.prepare(sql.into_sql_str()).await {
            wrong.push(format!("{file}.rs, {name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
