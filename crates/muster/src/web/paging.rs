//! Long lists, a page at a time.

use super::routes::form;

/// So many rows stand on a page.
pub(crate) const ROWS: usize = 50;

/// Where in a long list one is, and how to go on.
pub(crate) struct Pages {
    /// The number of this page; 1 for the first.
    pub(crate) at: usize,
    /// How many pages there are.
    pub(crate) of: usize,
    /// The page before.
    pub(crate) before: Option<String>,
    /// The page after.
    pub(crate) after: Option<String>,
}

impl Pages {
    /// The rows of page `wanted`, or of the last one before it that has any. Links keep what the
    /// list at `path` is filtered by.
    pub(crate) fn cut<T>(
        rows: Vec<T>,
        wanted: usize,
        path: &str,
        filter: &[(&str, &str)],
    ) -> (Vec<T>, Self) {
        let count = rows.len();
        let of = count.div_ceil(ROWS).max(1);
        let at = wanted.clamp(1, of);
        let link = |page: usize| {
            let page = page.to_string();
            let kept = filter.iter().filter(|(_, value)| !value.is_empty()).copied();
            let pairs: Vec<_> = kept.chain([("page", page.as_str())]).collect();
            format!("{path}?{}", form(&pairs))
        };
        let pages = Self {
            at,
            of,
            before: (at > 1).then(|| link(at - 1)),
            after: (at < of).then(|| link(at + 1)),
        };
        (rows.into_iter().skip((at - 1) * ROWS).take(ROWS).collect(), pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_on_one_page_and_no_page_is_beyond_the_last() {
        let all: Vec<usize> = (0..120).collect();
        let mut seen = Vec::new();
        for page in 1..=3 {
            seen.extend(Pages::cut(all.clone(), page, "/x", &[]).0);
        }
        assert_eq!(seen, all);
        let (rows, pages) = Pages::cut(all, 99, "/x", &[("app", "a&b"), ("state", "")]);
        assert_eq!((rows.len(), pages.at, pages.of), (20, 3, 3));
        assert_eq!(pages.before.as_deref(), Some("/x?app=a%26b&page=2"));
        assert_eq!(pages.after, None);
        assert_eq!(Pages::cut(Vec::<u8>::new(), 0, "/x", &[]).1.of, 1);
    }
}
