//! XML cut into pieces: what KML and OpenStreetMap files need of it.
//!
//! Invariant: well-formed elements only; comments, declarations and foreign names are stepped over, and entities that would grow
//! are not followed.

use crate::AtlasError;
use crate::airspace::bad;

/// Deepest nesting of elements a reader follows.
pub(crate) const DEEPEST: usize = 64;

/// A piece of XML.
pub(crate) enum Token<'a> {
    Open(&'a str, &'a str),
    Close(&'a str),
    Text(String),
}

/// Cuts XML into pieces.
pub(crate) struct Cutter<'a> {
    file: &'a str,
    text: &'a str,
    at: usize,
    /// An element that closes itself is closed next.
    pending: Option<&'a str>,
}

impl<'a> Cutter<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            at: 0,
            pending: None,
        }
    }

    pub(crate) fn wrong(&self, why: &str) -> AtlasError {
        let line = self.text[..self.at.min(self.text.len())].matches('\n').count() + 1;
        bad(self.file, &format!("line {line}"), why)
    }

    pub(crate) fn next(&mut self) -> Result<Option<Token<'a>>, AtlasError> {
        if let Some(name) = self.pending.take() {
            return Ok(Some(Token::Close(name)));
        }
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            let Some(after) = rest.strip_prefix('<') else {
                let end = rest.find('<').unwrap_or(rest.len());
                self.at += end;
                if rest[..end].trim().is_empty() {
                    continue;
                }
                return Ok(Some(Token::Text(unescape(&rest[..end]))));
            };
            if let Some(data) = after.strip_prefix("![CDATA[") {
                let end = data
                    .find("]]>")
                    .ok_or_else(|| self.wrong("a CDATA section does not end"))?;
                self.at += 9 + end + 3;
                return Ok(Some(Token::Text(data[..end].to_owned())));
            }
            let skip = [("!--", "-->"), ("?", "?>"), ("!", ">")]
                .iter()
                .find(|(open, _)| after.starts_with(open))
                .map(|(_, close)| *close);
            if let Some(close) = skip {
                let end = rest
                    .find(close)
                    .ok_or_else(|| self.wrong("a comment or declaration does not end"))?;
                self.at += end + close.len();
                continue;
            }
            let end = tag_end(after).ok_or_else(|| self.wrong("a tag does not end"))?;
            let tag = &after[..end];
            self.at += 1 + end + 1;
            if let Some(name) = tag.strip_prefix('/') {
                return Ok(Some(Token::Close(local(name.trim()))));
            }
            let (body, empty) = tag.strip_suffix('/').map_or((tag, false), |b| (b, true));
            let (name, attributes) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            let name = local(name);
            if empty {
                self.pending = Some(name);
            }
            return Ok(Some(Token::Open(name, attributes)));
        }
    }
}

/// Where a tag ends: the first `>` outside quotes.
fn tag_end(s: &str) -> Option<usize> {
    let mut quote = None;
    for (i, b) in s.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(i),
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), _) if q == b => quote = None,
            _ => {}
        }
    }
    None
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn unescape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut rest = s;
    while let Some(i) = rest.find('&') {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        let Some(end) = rest.find(';').filter(|e| *e <= 10) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let name = &rest[1..end];
        let number = |t: &str, radix| u32::from_str_radix(t, radix).ok().and_then(char::from_u32);
        let c = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            n => match n.strip_prefix('#') {
                Some(h) if h.starts_with(['x', 'X']) => number(&h[1..], 16),
                Some(d) => number(d, 10),
                None => None,
            },
        };
        out.extend(c);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

/// The value of an attribute.
pub(crate) fn attribute(attributes: &str, name: &str) -> Option<String> {
    // `id` is not the end of `uid`.
    let at = attributes.match_indices(name).map(|(i, _)| i).find(|i| {
        let starts = attributes[..*i].chars().next_back().is_none_or(char::is_whitespace);
        starts && attributes[i + name.len()..].trim_start().starts_with('=')
    })?;
    let value = attributes[at + name.len()..]
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|q| matches!(q, '"' | '\''))?;
    let value = &value[1..];
    Some(unescape(&value[..value.find(quote)?]))
}
