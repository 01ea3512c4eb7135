//! Pages of lists: limits, and cursors that name the last item of the page before.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::domain::{
    fault::Fault,
    page::{LIMIT_DEFAULT, LIMIT_MAX, Page, PartQuery},
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

/// A part of a list that was made as a whole: all that follows the cursor, or as much of it as is asked for.
///
/// # Errors
/// `limit` or `cursor` cannot be.
pub fn part<T>(items: Vec<T>, query: &PartQuery) -> Result<Page<T>, Fault> {
    let n_before: usize = after(query.cursor.as_deref())?.unwrap_or_default();
    let n_most = query.limit.map(|asked| limit(Some(asked))).transpose()?.unwrap_or(items.len());
    let n_until = n_before.saturating_add(n_most);
    let next_cursor = (n_until < items.len()).then(|| URL_SAFE_NO_PAD.encode(n_until.to_string()));
    Ok(Page { items: items.into_iter().skip(n_before).take(n_most).collect(), next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;

    #[test]
    fn a_whole_list_is_given_out_in_parts_or_at_once() {
        let part = |limit: Option<u32>, cursor: Option<String>| {
            part(vec![1, 2, 3, 4, 5], &PartQuery { limit, cursor }).map(|page| (page.items, page.next_cursor))
        };
        assert_eq!(part(None, None), Ok((vec![1, 2, 3, 4, 5], None)));
        assert_eq!(part(Some(5), None), Ok((vec![1, 2, 3, 4, 5], None)));
        let (items, next) = part(Some(2), None).unwrap();
        assert_eq!(items, [1, 2]);
        let (items, after) = part(Some(2), next.clone()).unwrap();
        assert_eq!(items, [3, 4]);
        assert_eq!(part(Some(2), after), Ok((vec![5], None)));
        assert_eq!(part(None, next), Ok((vec![3, 4, 5], None)));
        assert_eq!(part(Some(2), Some(URL_SAFE_NO_PAD.encode("99"))), Ok((vec![], None)));
        assert_eq!(part(Some(0), None).unwrap_err().field(), Some("limit"));
        assert_eq!(part(None, Some("?".to_owned())).unwrap_err().field(), Some("cursor"));
    }

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
