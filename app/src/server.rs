//! The console as the executable serves it: pages, server functions, files.

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    http::{HeaderValue, header},
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

/// Bytes below which compressing does not pay.
const COMPRESS_FROM_BYTES: u16 = 256;

/// Everything the console answers. Anything else is its page for what is not there.
pub fn console(hub: &Hub) -> anyhow::Result<Router> {
    let options = options(&hub.config.site_root)?;
    let context = {
        let hub = hub.clone();
        move || provide_context(hub.clone())
    };
    let document = {
        let options = options.clone();
        move || shell(options.clone())
    };
    // Their names carry a hash, so they never change.
    let files = Router::new()
        .route_service(
            &leptos_axum::site_pkg_dir_service_route_path(&options),
            leptos_axum::site_pkg_dir_service(&options),
        )
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ));
    let compress = SizeAbove::new(COMPRESS_FROM_BYTES)
        .and(NotForContentType::new("text/event-stream"))
        .and(NotForContentType::new("image/"));
    Ok(Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context.clone(), document)
        .merge(files)
        .fallback(leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(context, shell))
        .with_state(options)
        .layer(CompressionLayer::new().compress_when(compress)))
}

/// Where the files are, and whether their names carry hashes: then `hash.txt` lies beside the executable.
fn options(site_root: &Path) -> anyhow::Result<LeptosOptions> {
    let mut options = get_configuration(None)?.leptos_options;
    options.site_root = Arc::from(site_root.to_string_lossy().as_ref());
    options.hash_files = std::env::current_exe()?.with_file_name("hash.txt").exists();
    Ok(options)
}
