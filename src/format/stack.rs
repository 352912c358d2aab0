//! Stack traces as browsers and recorders write them, one call a line.

use std::sync::Arc;

use crate::recording::StackFrame;

/// Calls kept of one stack.
const MAX_FRAMES: usize = 50;

/// Reads the calls of a stack trace, the innermost first. Lines that are no calls (the error's own
/// message, for one) are passed over.
///
/// Understood are V8's `at name (file:line:column)`, Firefox's and Safari's `name@file:line:column`,
/// the bare `name (file:line:column)` of rrweb's console plugin, and `at name @ file:line:column` of
/// Datadog's SDK.
pub(crate) fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<StackFrame> {
    lines
        .into_iter()
        .filter_map(parse_line)
        .take(MAX_FRAMES)
        .collect()
}

fn parse_line(line: &str) -> Option<StackFrame> {
    let line = line.trim();
    let call = line.strip_prefix("at ").unwrap_or(line);
    let (function, place) = if let Some(inner) = call.strip_suffix(')') {
        let (function, place) = inner.rsplit_once('(')?;
        (function, place)
    } else if let Some((function, place)) = call.split_once(" @ ") {
        (function, place)
    } else if let Some((function, place)) = call.rsplit_once('@') {
        (function, place)
    } else {
        ("", call)
    };
    let (file, line, column) = split_place(place.trim())?;
    let function = function.trim();
    let anonymous = matches!(function, "" | "<anonymous>" | "?");
    Some(StackFrame {
        function: (!anonymous).then(|| Arc::from(function)),
        file: Some(Arc::from(file)),
        line: Some(line),
        column,
        in_app: None,
    })
}

/// Splits `file:line:column` or `file:line`.
fn split_place(place: &str) -> Option<(&str, u32, Option<u32>)> {
    let (rest, last) = place.rsplit_once(':')?;
    let last = last.parse().ok()?;
    match rest.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
        Some((file, Ok(line))) => (!file.is_empty()).then_some((file, line, Some(last))),
        _ => (!rest.is_empty()).then_some((rest, last, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: Option<&str>, file: &str, line: u32, column: u32) -> StackFrame {
        StackFrame {
            function: function.map(Arc::from),
            file: Some(Arc::from(file)),
            line: Some(line),
            column: Some(column),
            in_app: None,
        }
    }

    #[test]
    fn every_browser_is_read() {
        let file = "https://shop.example/checkout.js";
        for (text, function) in [
            (
                "    at submit (https://shop.example/checkout.js:6:450)",
                Some("submit"),
            ),
            ("    at https://shop.example/checkout.js:6:450", None),
            ("submit@https://shop.example/checkout.js:6:450", Some("submit")),
            (
                "HTMLFormElement.<anonymous> (https://shop.example/checkout.js:6:450)",
                Some("HTMLFormElement.<anonymous>"),
            ),
            (
                "  at submit @ https://shop.example/checkout.js:6:450",
                Some("submit"),
            ),
            ("  at <anonymous> @ https://shop.example/checkout.js:6:450", None),
        ] {
            assert_eq!(parse([text]), [frame(function, file, 6, 450)], "{text}");
        }
    }

    #[test]
    fn messages_are_no_calls() {
        let stack = "TypeError: Cannot read properties of undefined (reading 'id')\n    at https://a.example/b.js:1:2";
        assert_eq!(
            parse(stack.lines()),
            [frame(None, "https://a.example/b.js", 1, 2)]
        );
        assert_eq!(parse(["", ":", "a:b:c", "(:1:2)", "@"]), []);
    }
}
