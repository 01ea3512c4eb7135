//! An exported file as an answer.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderName, header};

use crate::{
    admin::export::Export,
    domain::{fault::Fault, report::ExportFormat},
};

/// The file, sent as it is made. If it cannot be made to its end the connection is cut.
pub fn answer(export: Export) -> Response {
    let disposition = format!("attachment; filename=\"{}\"", export.file_name());
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, content_type(export.format()).to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let pieces = stream::try_unfold(export, |mut export| async move {
        let piece = export.next().await?;
        Ok::<_, Fault>(piece.map(|piece| (piece, export)))
    });
    (headers, Body::from_stream(pieces)).into_response()
}

const fn content_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
        ExportFormat::Json => "application/json",
        ExportFormat::Ndjson => "application/x-ndjson",
    }
}
