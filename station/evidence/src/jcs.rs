//! Canonical JSON (RFC 8785, "JCS"): one value has exactly one text, so a text can be signed and compared byte for byte.
//!
//! Invariant: `canonical(parse(canonical(v))) == canonical(v)`. Knows nothing of bundles or signatures.
//! Integers outside ±2^53 are refused instead of being rounded: a number that loses digits has no place in evidence.

use crate::Error;
use serde_json::{Number, Value};

/// Largest integer every JSON reader keeps exactly (2^53, RFC 8785 §3.2.2.3 and RFC 7493 §2.2).
const MAX_EXACT: u64 = 1 << 53;

/// The RFC 8785 text of a value: keys sorted by UTF-16 code units, shortest number form, no white space.
///
/// # Errors
/// [`Error::Number`] for a number beyond ±2^53 whose text would be an integer.
pub fn canonical(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

/// Parses `text` and refuses anything that is not already in canonical form (spaces, doubled keys, other orders).
///
/// # Errors
/// A sentence saying what is wrong with the text.
pub fn parse_strict(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
    match canonical(&value) {
        Ok(again) if again == text => Ok(value),
        Ok(_) => Err("is not canonical JSON (RFC 8785): it was edited by another program".into()),
        Err(e) => Err(e.to_string()),
    }
}

fn write(value: &Value, out: &mut String) -> Result<(), Error> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => write_number(n, out)?,
        Value::String(s) => write_string(s, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (i, (key, item)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// RFC 8785 §3.2.2.2: the two-character escapes where they exist, `\u00xx` for other controls, all else as it is.
fn write_string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{08}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{0c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// RFC 8785 §3.2.2.3, which is ECMAScript's Number::toString: shortest digits that read back to the same double.
fn write_number(n: &Number, out: &mut String) -> Result<(), Error> {
    if let Some(i) = n.as_i64() {
        if i.unsigned_abs() > MAX_EXACT {
            return Err(Error::Number(n.to_string()));
        }
        out.push_str(&i.to_string());
        return Ok(());
    }
    // From 1e21 on a double is written with an exponent; between 2^53 and there it would look like an exact integer.
    let exact = |x: &f64| x.is_finite() && (x.abs() <= MAX_EXACT as f64 || x.abs() >= 1e21);
    let Some(x) = n.as_f64().filter(|x| !n.is_u64() && exact(x)) else {
        return Err(Error::Number(n.to_string()));
    };
    if x == 0.0 {
        out.push('0'); // minus zero too
        return Ok(());
    }
    let shortest = format!("{:e}", x.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1; // digits before the decimal point
    let count = digits.len() as i32;
    if x < 0.0 {
        out.push('-');
    }
    if count <= point && point <= 21 {
        out.push_str(&digits);
        out.push_str(&"0".repeat((point - count) as usize));
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(point as usize);
        out.push_str(&format!("{whole}.{fraction}"));
    } else if -6 < point && point <= 0 {
        out.push_str("0.");
        out.push_str(&"0".repeat((-point) as usize));
        out.push_str(&digits);
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        out.push_str(&format!("{first}{dot}{rest}e{:+}", point - 1));
    }
    Ok(())
}
