//! Server functions are kept apart from pages that are drawn at the same time.

use axum::{extract::Request, middleware::Next, response::Response};
use leptos::{prelude::Owner, reactive::computed::ScopedFuture};

use crate::api::guard::is_call;

/// Runs a server function below nobody's owner. Whoever draws a page leaves that page's owner on the thread: a function
/// would begin below it, find what is the page's, and lose what it has made itself as soon as the page is done. Pages have
/// roots of their own.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    if is_call(request.uri()) { alone(next.run(request)).await } else { next.run(request).await }
}

/// The same work, below a new root.
fn alone<Work: Future>(work: Work) -> ScopedFuture<Work> {
    Owner::default().with(|| ScopedFuture::new(work))
}

#[cfg(test)]
mod tests {
    use leptos::prelude::{provide_context, use_context};

    use super::*;

    #[tokio::test]
    async fn what_a_page_has_left_on_the_thread_is_not_found() {
        let page = Owner::new_root(None);
        page.with(|| provide_context(7_u8));
        let found = || Owner::new().with(use_context::<u8>);
        assert_eq!((found(), alone(async { found() }).await, found()), (Some(7), None, Some(7)));
    }
}
