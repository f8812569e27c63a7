//! The text of an attribute's value, and when two are the same. RFC 4518, as RFC 5280 section 7.1 has it.
//!
//! Five of the six steps of preparing text are done here, as far as they matter. The one that is not is normalization (NFKC), which
//! takes tables of many thousand characters. Without it two names may be taken for different that are the same. Where that refuses
//! somebody it is harmless, and hardly ever happens: those who issue write the name of an issuer as it writes itself (RFC 5280
//! section 4.1.2.4). Where it would let somebody in, at an exclusion, text that is not known to be normalized is the same as any.

use core::slice::{Chunks, Iter};
use core::str::Chars;

use super::{Meter, Reading};
use crate::der::{self, Element};

/// Whether two values are the same text, or, to be read by people, may be.
pub(super) fn same(a: &Element<'_>, b: &Element<'_>, reading: Reading, meter: &Meter) -> bool {
    if reading == Reading::AsText && (is_unclear(a) || is_unclear(b)) {
        return true;
    }
    if reading == Reading::AsNames && differ_at_once(a.body, b.body, meter) {
        return false;
    }
    let (Some(a), Some(b)) = (Text::of(a, reading, meter), Text::of(b, reading, meter)) else { return false };
    match reading {
        Reading::AsNames => folded(a, meter).eq(folded(b, meter)),
        Reading::AsText => {
            folded(a.clone(), meter).eq(folded(b.clone(), meter))
                || !is_normal(a, meter)
                || !is_normal(b, meter)
        }
    }
}

/// Whether two texts, of types that have ASCII as it is, are the same up to a letter or a digit of ASCII in which they differ, as nearly
/// all do that differ. What was folded before that is the same, and so those two meet.
fn differ_at_once(a: &[u8], b: &[u8], meter: &Meter) -> bool {
    let mut pairs = a.iter().zip(b).inspect(|_| meter.add(2));
    let differ = pairs.find(|(left, right)| !left.eq_ignore_ascii_case(right));
    differ.is_some_and(|(left, right)| left.is_ascii_alphanumeric() && right.is_ascii_alphanumeric())
}

/// May it say anything to those who read it? So may a string that is put together from others, of which DER has none (X.690 section
/// 10.2); and teletex, videotex, graphic and general strings that shift to other sets of characters (ISO 2022), in which not even
/// ASCII is what it seems.
fn is_unclear(value: &Element<'_>) -> bool {
    const SHIFTS: [u8; 3] = [0x0e, 0x0f, 0x1b];
    match value.tag {
        0x2c | 0x32..=0x36 | 0x39..=0x3c | 0x3e => true,
        0x14 | 0x15 | 0x19 | 0x1b => value.body.iter().any(|octet| SHIFTS.contains(octet)),
        _ => false,
    }
}

/// The characters of a value.
#[derive(Clone)]
enum Text<'a> {
    Utf8(Chars<'a>),
    /// Each octet is a character.
    Octets(Iter<'a, u8>),
    /// Each so many octets are.
    Wide(Chunks<'a, u8>),
}

impl<'a> Text<'a> {
    /// The text of a value; of `PrintableString` and `UTF8String`, which are the two types that RFC 5280 section 7.1 has compared
    /// with each other, and of those of X.680 section 41 if types do not count.
    fn of(value: &Element<'a>, reading: Reading, meter: &Meter) -> Option<Self> {
        meter.add(value.body.len() / 8);
        Some(match value.tag {
            der::PRINTABLE_STRING | der::UTF8_STRING => match core::str::from_utf8(value.body) {
                Ok(text) => Self::Utf8(text.chars()),
                // People are shown something all the same.
                Err(_) if reading == Reading::AsText => Self::Octets(value.body.iter()),
                Err(_) => return None,
            },
            _ if reading == Reading::AsNames => return None,
            // Numeric, teletex, videotex, IA5, graphic, visible and general strings. Those that are not ASCII are taken for Latin 1,
            // as everybody does.
            0x12 | 0x14..=0x16 | 0x19..=0x1b => Self::Octets(value.body.iter()),
            // Universal and BMP strings.
            0x1c => Self::Wide(value.body.chunks(4)),
            0x1e => Self::Wide(value.body.chunks(2)),
            _ => return None,
        })
    }
}

impl Iterator for Text<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Utf8(chars) => chars.next(),
            Self::Octets(octets) => octets.next().map(|&octet| char::from(octet)),
            Self::Wide(units) => {
                let code = units.next()?.iter().fold(0, |code, &octet| code << 8 | u32::from(octet));
                Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
        }
    }
}

/// Text without difference of case, without spaces at its ends, with single spaces inside and without what nobody sees.
fn folded(text: Text<'_>, meter: &Meter) -> impl Iterator<Item = char> {
    let mut seen = text.inspect(|_| meter.add(1)).filter(|&c| !is_ignored(c));
    let (mut begun, mut held) = (false, None);
    let spaced = core::iter::from_fn(move || {
        if let Some(c) = held.take() {
            return Some(c);
        }
        let mut c = seen.next()?;
        let after_space = c.is_whitespace();
        while c.is_whitespace() {
            c = seen.next()?;
        }
        if !core::mem::replace(&mut begun, true) || !after_space {
            return Some(c);
        }
        held = Some(c);
        Some(' ')
    });
    spaced.flat_map(Folded::of)
}

/// A character without its case. RFC 3454 appendix B.2, which folds some that have no upper case, or more than one lower one.
enum Folded {
    Lower(core::char::ToLowercase),
    Other(Chars<'static>),
}

impl Folded {
    fn of(c: char) -> Self {
        match c {
            '\u{df}' | '\u{1e9e}' => Self::Other("ss".chars()),
            '\u{17f}' => Self::Other("s".chars()),
            '\u{3c2}' => Self::Other("\u{3c3}".chars()),
            c => Self::Lower(c.to_lowercase()),
        }
    }
}

impl Iterator for Folded {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Lower(chars) => chars.next(),
            Self::Other(chars) => chars.next(),
        }
    }
}

/// Normalizing would leave the text as it is, and folding it is all that is to be done.
fn is_normal(mut text: Text<'_>, meter: &Meter) -> bool {
    text.all(|c| {
        meter.add(1);
        c.is_ascii() || c.is_whitespace() || is_ignored(c) || stands_by_itself(c)
    })
}

/// Of the scripts in which most names are written, the characters that normalization (NFKC) neither changes nor joins with others. That
/// can be looked up in the Unicode Character Database: each is its own NFKC, has no combining class, and is second in no composition.
fn stands_by_itself(c: char) -> bool {
    matches!(c,
        // Punctuation and signs
        '\u{a1}'..='\u{a7}' | '\u{a9}' | '\u{ab}' | '\u{ac}' | '\u{ae}' | '\u{b0}' | '\u{b1}' | '\u{b6}' | '\u{b7}' | '\u{bb}'
            | '\u{2010}' | '\u{2012}'..='\u{2015}' | '\u{2018}'..='\u{2022}' | '\u{20ac}'
            // Latin
            | '\u{bf}'..='\u{131}' | '\u{134}'..='\u{13e}' | '\u{141}'..='\u{148}' | '\u{14a}'..='\u{17e}'
            | '\u{180}'..='\u{1c3}' | '\u{1cd}'..='\u{1f0}' | '\u{1f4}'..='\u{24f}'
            | '\u{1e00}'..='\u{1e99}' | '\u{1e9c}'..='\u{1eff}'
            // Greek, Cyrillic, Armenian
            | '\u{386}' | '\u{388}'..='\u{38a}' | '\u{38c}' | '\u{38e}'..='\u{3a1}' | '\u{3a3}'..='\u{3cf}'
            | '\u{400}'..='\u{482}' | '\u{48a}'..='\u{52f}'
            | '\u{531}'..='\u{556}' | '\u{561}'..='\u{586}'
            // Hebrew, Arabic, Georgian, without marks
            | '\u{5d0}'..='\u{5ea}' | '\u{621}'..='\u{64a}' | '\u{679}'..='\u{6d3}'
            | '\u{10d0}'..='\u{10fa}'
            // Thai, without the marks that are put in order
            | '\u{e01}'..='\u{e32}' | '\u{e34}'..='\u{e37}' | '\u{e40}'..='\u{e47}' | '\u{e4c}'..='\u{e4e}'
            // Kana, ideographs, Hangul syllables
            | '\u{3001}' | '\u{3002}' | '\u{3005}'..='\u{3007}' | '\u{300c}'..='\u{300f}'
            | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fe}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
    )
}

/// Characters that are mapped to nothing, since nobody sees them. RFC 4518 section 2.2.
fn is_ignored(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{ad}' | '\u{34f}'
            | '\u{6dd}' | '\u{70f}' | '\u{1806}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2063}' | '\u{206a}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffc}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::der::Reader;

    fn are_same(a: (u8, &[u8]), b: (u8, &[u8]), reading: Reading) -> bool {
        let [a, b] = [a, b].map(|(tag, body)| [&[tag, u8::try_from(body.len()).unwrap()], body].concat());
        let [mut a_reader, mut b_reader] = [&a, &b].map(|der: &Vec<u8>| Reader::new(der));
        let (a, b) = (a_reader.any().unwrap(), b_reader.any().unwrap());
        let found = same(&a, &b, reading, &Meter::default());
        assert_eq!(found, same(&b, &a, reading, &Meter::default()), "it depends on the side");
        found
    }

    const UTF8: u8 = der::UTF8_STRING;

    /// RFC 3454 appendix B.2 has these: 0073 0073 for 00DF, 0073 for 017F, 03C3 for 03C2 and 03A3.
    #[test]
    fn letters_without_two_cases_are_folded_as_well() {
        for (a, b, expected) in [
            ("Stra\u{df}e", "STRASSE", true),
            ("Stra\u{1e9e}e", "strasse", true),
            ("Stra\u{df}e", "Strase", false),
            ("Let's  Sign,\u{e9} A1", "let's  sign,\u{e9} a2", false),
            ("Let's  Sign A", "Let's Sign a", true),
            (" Let's Sign", "Let's Sign", true),
            ("Let's Sign", "Let's Sign X", false),
            ("\u{17f}umma", "SUMMA", true),
            ("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}", true),
        ] {
            assert_eq!(
                are_same((UTF8, a.as_bytes()), (UTF8, b.as_bytes()), Reading::AsNames),
                expected,
                "{a} {b}"
            );
        }
    }

    /// Equivalences by the Unicode Character Database: 0065 0301 is 00E9; FB01 is 0066 0069; FF21 is 0041; 2460 is 0031.
    #[test]
    fn what_may_be_the_same_when_normalized_is_taken_for_it_only_where_people_read() {
        for (a, b, may_be) in [
            ("Caf\u{e9}", "Cafe\u{301}", true),
            ("finance", "\u{fb01}nance", true),
            ("Acme", "\u{ff21}cme", true),
            ("Unit 1", "Unit \u{2460}", true),
            // Nobody knows without the tables, so it may be.
            ("Acme", "\u{1d400}", true),
            // Both are normalized, and not the same.
            ("Acme", "Soci\u{e9}t\u{e9}", false),
            ("Cafe", "Caf\u{e9}", false),
            ("Acme", "\u{41a}\u{43e}\u{43c}\u{43f}\u{430}\u{43d}\u{438}\u{44f}", false),
            ("Acme", "\u{682a}\u{5f0f}\u{4f1a}\u{793e}", false),
            ("Acme", "\u{d55c}\u{ad6d}", false),
            // Names of every day with long vowels, dots, marks of repetition, apostrophes, dashes, quotes and signs.
            ("Acme", "\u{30b9}\u{30fc}\u{30d1}\u{30fc}\u{30fb}\u{30b9}\u{30c8}\u{30a2}", false),
            ("Acme", "\u{4f50}\u{3005}\u{6728}", false),
            ("Acme", "O\u{2019}Brien \u{2018}s", false),
            ("Acme", "A\u{2013}B\u{2014}C", false),
            ("Acme", "\u{201c}Acme Group\u{201d}", false),
            ("Acme", "\u{ab}Acme Group\u{bb} \u{a9} \u{ae}", false),
            ("Acme", "\u{e1a}\u{e23}\u{e34}\u{e29}\u{e31}\u{e17}", false),
            ("Acme", "\u{e44}\u{e17}\u{e22}\u{e01}\u{e32}\u{e23}\u{e34}\u{e40}\u{e47}", false),
            // These are taken apart, or put in order: 0E33 is 0E4D 0E32, 2026 is 002E three times, FF70 is 30FC.
            ("Acme", "\u{e19}\u{e33}", true),
            ("Acme", "\u{e19}\u{e49}", true),
            ("Acme...", "Acme\u{2026}", true),
            ("\u{30fc}", "\u{ff70}", true),
        ] {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            assert!(!are_same((UTF8, a), (UTF8, b), Reading::AsNames));
            assert_eq!(are_same((UTF8, a), (UTF8, b), Reading::AsText), may_be, "{a:02x?} {b:02x?}");
        }
    }

    #[test]
    fn people_read_text_of_any_type_and_also_what_is_none() {
        let cafe = "Caf\u{e9}".as_bytes();
        for (tag, body, expected) in [
            (0x14, &b"Caf\xe9"[..], true),
            (0x1e, b"\0C\0a\0f\0\xe9", true),
            (0x1c, b"\0\0\0C\0\0\0a\0\0\0f\0\0\0\xe9", true),
            (UTF8, b"Caf\xe9", true),
            (0x14, b"Cafe", false),
            (0x1e, b"\0C\0a\0f\0e", false),
            // Half of a pair of surrogates.
            (0x1e, b"\0C\0a\0f\xd8\0", true),
        ] {
            assert_eq!(
                are_same((UTF8, cafe), (tag, body), Reading::AsText),
                expected,
                "{tag:02x} {body:02x?}"
            );
            assert!(!are_same((UTF8, cafe), (tag, body), Reading::AsNames), "{tag:02x} {body:02x?}");
        }
    }
}
