//! How long every page of the console takes the hub when there is much to look at (`make bench-console`).
//!
//! The hub as it is shipped gets users, keys and providers over the management API, and `CALLS` calls over 90 days with
//! what its writer makes of them straight into its database. `DATA` names a folder that keeps the filled hub: it is filled
//! only the first time (ten million calls take some 25 GB). Then every page is asked for once, and if any of them does not
//! come all of those are told and nothing is measured. At last each is asked for as a browser asks for it, again and again.
//! Fails if the median of one is above 100 ms. The table is written to `target/bench-console.md`.

mod fill;
mod found;
mod home;
mod pages;
mod questions;
mod reader;
mod table;

use std::time::{Duration, Instant};

use self::{home::Home, pages::Page, reader::Reader, table::Table};
use super::process;

/// How long one page is measured at most; a slow one is asked for less often, but three times.
const PAGE_WITHIN: Duration = Duration::from_secs(10);
const TIMES_MIN: usize = 3;

/// How long the hub is left alone after its start: it lets go what is kept no longer, and closes days.
const SETTLE: Duration = Duration::from_secs(10);

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty());
    text.map_or(default, |text| text.replace('_', "").parse().expect(name))
}

/// Fills a hub unless it is filled, and asks it for every page. True if all came, and fast enough.
pub async fn measure() -> bool {
    let (n_calls, n_times) = (number("CALLS", 200_000), number("TIMES", 20).max(1) as usize);
    let home = Home::open();
    if home.filled_at(n_calls).is_none() {
        fill::fill(&home, n_calls).await;
        home.mark(n_calls);
    }
    let filled_at = home.filled_at(n_calls).unwrap();
    let started = Instant::now();
    let mut process = home.start("console").await;
    let start = started.elapsed();
    tokio::time::sleep(SETTLE).await;
    let filled = found::found(&home).await;
    let readers =
        Readers { admin: Reader::admin(&process).await, user: Reader::user(&process, &filled.user_name).await };
    let pages = pages::all(&filled);
    let mut table = Table::new(&filled, &filled_at, start, (pages.len(), n_times));
    let is_good = match readers.check(&pages).await {
        Some(firsts) => {
            readers.time(&pages, &firsts, n_times, &mut table).await;
            println!("{}", table.markdown());
            table.is_good()
        }
        None => false,
    };
    process.end().await;
    is_good
}

/// Who asks.
struct Readers {
    admin: Reader,
    user: Reader,
}

impl Readers {
    fn of(&self, page: &Page) -> &Reader {
        if page.is_own { &self.user } else { &self.admin }
    }

    /// Asks for every page once: how long each took and how many bytes came. Tells of all that did not come; none then.
    async fn check(&self, pages: &[Page]) -> Option<Vec<(Duration, usize)>> {
        let (mut firsts, mut wrong) = (Vec::new(), Vec::new());
        for page in pages {
            match self.of(page).check(&page.ask).await {
                Ok(first) => firsts.push(first),
                Err(why) => wrong.push(format!("{}\n    {why}", page.name())),
            }
        }
        eprintln!("{} pages came, {} did not", firsts.len(), wrong.len());
        for told in &wrong {
            eprintln!("{told}");
        }
        wrong.is_empty().then_some(firsts)
    }

    /// Asks for every page again and again. What does not come is told, and is not in the table.
    async fn time(&self, pages: &[Page], firsts: &[(Duration, usize)], n_times: usize, table: &mut Table) {
        for (page, first) in pages.iter().zip(firsts) {
            match self.times(page, n_times).await {
                Ok(times) => table.add(page.name(), *first, times),
                Err(why) => eprintln!("{} did not come: {why}", page.name()),
            }
        }
    }

    async fn times(&self, page: &Page, n_times: usize) -> Result<Vec<Duration>, String> {
        let started = Instant::now();
        let mut times = Vec::new();
        while times.len() < n_times && (times.len() < TIMES_MIN || started.elapsed() < PAGE_WITHIN) {
            times.push(self.of(page).ask(&page.ask).await?);
        }
        Ok(times)
    }
}
