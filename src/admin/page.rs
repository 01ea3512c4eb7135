//! Pages of lists: limits, and cursors that name the last item of the page before.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::domain::{
    fault::Fault,
    page::{LIMIT_DEFAULT, LIMIT_MAX, Page},
};

/// The checked number of items of a page.
pub(super) fn limit(asked: Option<u32>) -> Result<usize, Fault> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Fault::invalid("limit", format!("must be from 1 to {LIMIT_MAX}")));
    }
    usize::try_from(limit).map_err(|_| Fault::invalid("limit", "too large"))
}

/// How many rows to read for a page: one more than it holds, to see whether it is the last.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

/// What a cursor stands for.
pub(super) fn after<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, Fault> {
    let Some(cursor) = cursor else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let last = text.filter(|text| !text.contains('\0')).and_then(|text| text.parse().ok());
    last.map(Some).ok_or_else(|| Fault::invalid("cursor", "must be the next_cursor of the page before"))
}

/// The page that `items` make, of which there may be one more than `limit`. `name` is what cursors are made from.
pub(super) fn cut<T>(mut items: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Page<T> {
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let last = if is_last { None } else { items.last() };
    let next_cursor = last.map(|item| URL_SAFE_NO_PAD.encode(name(item)));
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;

    #[test]
    fn a_cursor_leads_to_the_item_after_it_and_the_last_page_has_none() {
        let page = cut(vec![3_i64, 5, 9], 2, ToString::to_string);
        assert_eq!(page.items, [3, 5]);
        assert_eq!(after::<UserId>(page.next_cursor.as_deref()), Ok(Some(UserId(5))));
        assert_eq!(cut(vec![3_i64, 5], 2, ToString::to_string).next_cursor, None);
        assert_eq!(after::<UserId>(None), Ok(None));
    }

    #[test]
    fn a_cursor_or_limit_that_cannot_be_is_named() {
        for cursor in ["", "5", "%", "LTE", &URL_SAFE_NO_PAD.encode("user")] {
            assert_eq!(after::<UserId>(Some(cursor)).unwrap_err().field(), Some("cursor"), "{cursor}");
        }
        assert_eq!(after::<String>(Some(&URL_SAFE_NO_PAD.encode("a\0"))).unwrap_err().field(), Some("cursor"));
        for wrong in [0, 501] {
            assert_eq!(limit(Some(wrong)).unwrap_err().field(), Some("limit"));
        }
        assert_eq!((limit(None), limit(Some(500))), (Ok(50), Ok(500)));
    }
}
