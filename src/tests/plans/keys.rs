//! The list of keys over all users is read by an index, a page at a time, however many there are.

use super::{Asked, EXPLAINED, PAGE, RowsMax, asked, execute, read_by};
use crate::world::World;

/// Many more keys than a hub has: ten of each of two thousand users.
const MANY: &str = "
    insert into users (name) select 'user-' || n from generate_series(1, 2000) n;
    insert into keys (user_id, name, secret_hash, prefix, last_four)
        select u.id, 'key-' || n, sha256(convert_to(u.id || '-' || n, 'UTF8')), 'sk-sy-' || n, 'abcd'
        from users u, generate_series(1, 10) n;
    analyze";

/// The list from a place on, of one user if that is asked for.
fn list(name: &'static str, after: &str, user_id: &str, rows_max: u64) -> Asked {
    let values = [after, "51", "null", user_id, "null", "null", "null", "now()", "7"];
    asked("keys", name, values.map(str::to_owned).into(), RowsMax::Of(rows_max))
}

#[tokio::test]
async fn keys_of_all_users_are_read_a_page_at_a_time() {
    let world = World::alone().await;
    execute(world.dsn(), MANY).await;
    execute(world.dsn(), EXPLAINED).await;
    // Each key is read with its user.
    for asked in [
        list("LIST_ALL", "0", "null", 2 * PAGE),
        list("LIST_ALL", "15000", "null", 2 * PAGE),
        list("LIST_ALL_NEWEST", "9223372036854775807", "null", 2 * PAGE),
        list("LIST_ALL_NEWEST", "5000", "null", 2 * PAGE),
        list("LIST_ALL", "0", "1500", PAGE),
    ] {
        let (n_read, whole) = read_by(&world, &asked, |table| ["keys", "users"].contains(&table)).await;
        let Asked { name, values, rows_max, .. } = asked;
        let RowsMax::Of(n_max) = rows_max else { panic!("a number") };
        assert!(n_read <= n_max && whole.is_empty(), "{name} ({}): reads {n_read}; {whole:?}", values.join(", "));
    }
}
