//! Goes on with answers whose client has left, so that what was used is settled.

use std::{future::Future, time::Duration};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Takes over what a client has left behind.
#[derive(Clone, Debug)]
pub struct Drain {
    tasks: TaskTracker,
    runtime: Handle,
}

impl Drain {
    /// Must be called inside the runtime.
    pub fn new() -> Self {
        Self { tasks: TaskTracker::new(), runtime: Handle::current() }
    }

    /// Goes on with `work`, which must bound itself in time. Callable from `Drop`.
    pub fn adopt(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(work, &self.runtime);
    }

    /// How many answers are being drained.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// True if no answer is being drained.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits until nothing is left, at most for `patience`. True if nothing is.
    pub async fn finish(&self, patience: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(patience, self.tasks.wait()).await.is_ok()
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}
