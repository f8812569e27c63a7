//! Cuts Rust source into the few kinds of tokens that the floor check needs.
//!
//! It owns the rules for what is not code: comments (nested ones too) and literals. It never interprets a path.

/// One token of a source file, with the line it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind<'a>,
    pub line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// An identifier or keyword; the `r#` of a raw one is dropped.
    Word(&'a str),
    /// `::`
    Sep,
    Punct(char),
    /// A number, string, character or lifetime.
    Other,
}

/// Returns the tokens of `source`, without comments.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0, line: 1 };
    let mut out = Vec::new();
    loop {
        lexer.skip_blank();
        let line = lexer.line;
        let Some(kind) = lexer.next() else { return out };
        out.push(Token { kind, line });
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn bump_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let start = self.at;
        while self.peek(0).is_some_and(&keep) {
            self.bump();
        }
        &self.source[start..self.at]
    }

    fn skip_blank(&mut self) {
        loop {
            self.bump_while(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.bump_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.bump();
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.bump();
            }
            if self.bump().is_none() || depth == 0 {
                return;
            }
        }
    }

    fn next(&mut self) -> Option<Kind<'a>> {
        let c = self.peek(0)?;
        if c == '_' || c.is_alphabetic() {
            return Some(self.word());
        }
        if c.is_ascii_digit() {
            self.bump_while(is_word);
            return Some(Kind::Other);
        }
        if self.rest().starts_with("::") {
            self.at += 2;
            return Some(Kind::Sep);
        }
        self.bump();
        match c {
            '"' => self.skip_quoted('"'),
            // A lifetime has no second quote; a character always has one, after an escape or right after one character.
            '\'' if self.peek(0) == Some('\\') || self.peek(1) == Some('\'') => self.skip_quoted('\''),
            '\'' => drop(self.bump_while(is_word)),
            _ => return Some(Kind::Punct(c)),
        }
        Some(Kind::Other)
    }

    fn word(&mut self) -> Kind<'a> {
        let word = self.bump_while(is_word);
        let next = self.peek(0);
        match word {
            "r" | "br" | "cr" if matches!(next, Some('"' | '#')) => {
                let hashes = self.bump_while(|c| c == '#').len();
                if self.peek(0) != Some('"') {
                    return Kind::Word(self.bump_while(is_word));
                }
                self.bump();
                self.skip_raw(hashes);
                Kind::Other
            }
            "b" | "c" if next == Some('"') => {
                self.bump();
                self.skip_quoted('"');
                Kind::Other
            }
            "b" if next == Some('\'') => {
                self.bump();
                self.skip_quoted('\'');
                Kind::Other
            }
            _ => Kind::Word(word),
        }
    }

    fn skip_quoted(&mut self, end: char) {
        while let Some(c) = self.bump() {
            if c == end {
                return;
            }
            if c == '\\' {
                self.bump();
            }
        }
    }

    fn skip_raw(&mut self, hashes: usize) {
        let end = format!("\"{}", "#".repeat(hashes));
        while !self.rest().is_empty() && !self.rest().starts_with(&end) {
            self.bump();
        }
        self.at = self.source.len().min(self.at + end.len());
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        let word = |t: Token<'static>| if let Kind::Word(w) = t.kind { Some(w) } else { None };
        // Leaking keeps the helper short; these are a few bytes of a test.
        tokens(String::from(source).leak()).into_iter().filter_map(word).collect()
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        assert_eq!(words("a // b\n /* c /* d */ e */ f /// g\n//! h"), ["a", "f"]);
        assert_eq!(words(r#"a "b \" c" d b"e" f c"g""#), ["a", "d", "f"]);
        assert_eq!(words("a r\"b\\\" c r##\"d \"# e\"## f br#\"g\"# h"), ["a", "c", "f", "h"]);
        assert_eq!(words("a '\"' b '\\'' c b'\"' d '/' e"), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn lifetimes_do_not_open_a_literal() {
        assert_eq!(words("fn f<'a, 'b>(x: &'a X<'b>) -> Y<'_> {}"), ["fn", "f", "x", "X", "Y"]);
        assert_eq!(words("'outer: loop { break 'outer; } z"), ["loop", "break", "z"]);
    }

    #[test]
    fn raw_identifiers_are_plain_words() {
        assert_eq!(words("r#type r#use x"), ["type", "use", "x"]);
    }

    #[test]
    fn lines_are_counted_through_literals_and_comments() {
        let all = tokens("\"x\ny\"\n/*\n*/ a\n::b");
        assert_eq!(all.iter().map(|t| t.line).collect::<Vec<_>>(), [1, 4, 5, 5]);
        assert_eq!(all[2].kind, Kind::Sep);
    }
}
