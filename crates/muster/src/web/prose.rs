//! Texts of ours in which commands stand between backticks.

/// A piece of such a text.
pub(crate) struct Piece<'a> {
    /// The words.
    pub(crate) text: &'a str,
    /// Whether they are a command.
    pub(crate) is_code: bool,
}

/// The pieces of a text.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let halves = [false, true].into_iter().cycle();
    text.split('`').zip(halves).map(|(text, is_code)| Piece { text, is_code })
}
