//! The console as the executable serves it: pages, server functions, files.

use std::{
    fs,
    hash::{DefaultHasher, Hasher},
    path::Path,
    sync::Arc,
};

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    routing::get,
};
use hub::hub::Hub;
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    set_header::SetResponseHeaderLayer,
};

use crate::{App, shell};

mod apart;
mod export;
mod kept;
mod large;
mod secret;

/// Bytes below which compressing does not pay.
const COMPRESS_FROM_BYTES: u16 = 256;

/// Everything the console answers. Anything else is its page for what is not there.
pub fn console(hub: &Hub) -> anyhow::Result<Router> {
    let (options, build) = options(&hub.config.site_root)?;
    let context = {
        let hub = hub.clone();
        move || provide_context(hub.clone())
    };
    let document = {
        let build = build.clone();
        move |options: LeptosOptions| shell(options, build.clone())
    };
    let documents = secret::Documents { options: options.clone(), build: build.clone() };
    let mut files = Router::new();
    if let Some(build) = &build {
        // What lies behind these addresses never changes.
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        files = files
            .nest_service(build, leptos_axum::site_pkg_dir_service(&options))
            .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, forever));
    }
    let compress = SizeAbove::new(COMPRESS_FROM_BYTES)
        .and(NotForContentType::new("text/event-stream"))
        .and(NotForContentType::new("image/"));
    let console = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context.clone(), {
            let (document, options) = (document.clone(), options.clone());
            move || document(options.clone())
        })
        .merge(files)
        .fallback(leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(context, document))
        .with_state(options)
        .layer(middleware::from_fn_with_state(hub.clone(), large::admit))
        .layer(middleware::from_fn_with_state(documents, secret::show))
        .layer(middleware::from_fn(apart::answer));
    // Around all of them: the answer to a form may be the page that it stands in.
    Ok(Router::new()
        .fallback_service(console)
        .layer(middleware::from_fn(kept::answer))
        .layer(CompressionLayer::new().compress_when(compress))
        .route("/calls/export", get(export::calls).with_state(hub.clone())))
}

/// Where the files are, and the address under which the documents of this build name them.
///
/// The names of the files carry hashes, which stand in `hash.txt` beside the executable. But cargo-leptos hashes some of
/// them before it writes into them how the others are called, so a name alone does not say what is in the file. All the
/// hashes together do. Without `hash.txt` the files have plain names, and no address of their own.
fn options(site_root: &Path) -> anyhow::Result<(LeptosOptions, Option<String>)> {
    let mut options = get_configuration(None)?.leptos_options;
    options.site_root = Arc::from(site_root.to_string_lossy().as_ref());
    let hashes = fs::read(std::env::current_exe()?.with_file_name("hash.txt")).ok();
    options.hash_files = hashes.is_some();
    let build = hashes.map(|hashes| {
        let mut mark = DefaultHasher::new();
        mark.write(&hashes);
        format!("/build/{:016x}", mark.finish())
    });
    Ok((options, build))
}
