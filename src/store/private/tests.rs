use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use super::*;

/// How long a test waits for what must happen: far longer than anything takes.
const DEADLINE: Duration = Duration::from_mins(4);

/// A `DATA_DIR` of a test.
struct DataDir(PathBuf);

impl DataDir {
    fn new(mode: u32, name: &str) -> Self {
        static N_MADE: AtomicU32 = AtomicU32::new(0);
        let n = N_MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("switchyard-pg-{}-{n}{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Self(path)
    }

    async fn start(&self) -> PrivatePostgres {
        PrivatePostgres::start(&self.0, None).await.unwrap()
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn count(postgres: &PrivatePostgres) -> i64 {
    let mut connection = PgConnection::connect_with(&postgres.options()).await.unwrap();
    sqlx::query("create table if not exists t (i int)").execute(&mut connection).await.unwrap();
    sqlx::query("insert into t values (1)").execute(&mut connection).await.unwrap();
    sqlx::query_scalar("select count(*) from t").fetch_one(&mut connection).await.unwrap()
}

async fn lives_through_everything(data: DataDir) {
    let mut first = data.start().await;
    assert_eq!(count(&first).await, 1);

    // The hub is killed: nobody stops the server, the next hub adopts it.
    let pid = first.running_pid().unwrap().unwrap();
    std::mem::forget(first);
    let mut second = data.start().await;
    assert_eq!(second.running_pid().unwrap(), Some(pid));
    assert_eq!(count(&second).await, 2);

    // Both are killed.
    kill_process(pid, Signal::KILL).unwrap();
    std::mem::forget(second);
    let third = data.start().await;
    assert_eq!(count(&third).await, 3);

    // Stopped and started in order.
    third.stop().await.unwrap();
    let fourth = data.start().await;
    assert_eq!(count(&fourth).await, 4);
    fourth.stop().await.unwrap();
}

#[tokio::test]
async fn rows_outlive_kills_and_restarts() {
    lives_through_everything(DataDir::new(0o755, "")).await;
}

#[tokio::test]
async fn so_they_do_where_no_other_account_may_pass() {
    lives_through_everything(DataDir::new(0o700, "")).await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let data = DataDir::new(0o755, &"-long".repeat(20));
    let postgres = data.start().await;
    let socket = postgres.folders.socket.clone();
    assert!(socket.starts_with("/tmp") && !socket.starts_with(&data.0));
    assert_eq!(count(&postgres).await, 1);
    postgres.stop().await.unwrap();
    std::fs::remove_dir_all(socket).unwrap();
}

#[tokio::test]
async fn a_server_that_dies_is_started_again() {
    let data = DataDir::new(0o755, "");
    let mut postgres = data.start().await;
    count(&postgres).await;
    let pid = postgres.running_pid().unwrap().unwrap();
    let options = postgres.options();
    let stopping = CancellationToken::new();
    let kill = async {
        kill_process(pid, Signal::KILL).unwrap();
        let asked = clock::instant();
        loop {
            let back = PgConnection::connect_with(&options).await;
            if let Ok(mut back) = back {
                let n: i64 = sqlx::query_scalar("select count(*) from t").fetch_one(&mut back).await.unwrap();
                break assert_eq!(n, 1);
            }
            assert!(asked.elapsed() < DEADLINE, "not back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stopping.cancel();
    };
    let (kept, ()) = tokio::join!(postgres.keep(stopping.clone()), kill);
    kept.unwrap();
    assert!(!data.0.join("postgres/data/postmaster.pid").exists());
}

#[tokio::test]
async fn a_start_that_fails_later_leaves_no_server() {
    let data = DataDir::new(0o755, "");
    drop(data.start().await);
    let asked = clock::instant();
    while data.0.join("postgres/data/postmaster.pid").exists() {
        assert!(asked.elapsed() < DEADLINE, "still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn programs_that_are_not_there_are_named() {
    let data = DataDir::new(0o755, "");
    let error = PrivatePostgres::start(&data.0, Some(Path::new("/nowhere"))).await.unwrap_err();
    assert!(error.to_string().contains("PG_BIN"), "{error:#}");
}
