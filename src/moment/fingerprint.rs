//! What makes two errors the same error.

use crate::recording::ErrorReport;

/// Names an error without what differs from user to user: its type, its message with numbers, ids and
/// addresses taken out, and the innermost call in the application's own code.
pub fn fingerprint(error: &ErrorReport) -> String {
    match error_place(error) {
        Some(place) => format!("{} {place}", error_text(error)),
        None => error_text(error),
    }
}

/// Type and message of an error, with numbers, ids and addresses taken out.
pub fn error_text(error: &ErrorReport) -> String {
    match &error.error_type {
        Some(name) => format!("{name}: {}", normalised(&error.message)),
        None => normalised(&error.message),
    }
}

/// The innermost call in the application's own code (`in pay at app.js`), as far as it is known.
pub fn error_place(error: &ErrorReport) -> Option<String> {
    let own = error
        .stack
        .iter()
        .find(|frame| frame.in_app != Some(false))
        .or_else(|| error.stack.first())?;
    let function = own.function.as_ref().map(|function| format!("in {function}"));
    let file = own.file.as_ref().map(|file| format!("at {}", file_name(file)));
    let parts: Vec<String> = [function, file].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A message with every number, id and address replaced by a star.
pub(super) fn normalised(message: &str) -> String {
    let words: Vec<String> = message
        .split_whitespace()
        .map(|word| {
            if word.contains("://") {
                return "*".to_owned();
            }
            let long_id = word.len() >= 8 && word.chars().filter(char::is_ascii_digit).count() >= 3;
            if long_id
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.,:;'\"()[]".contains(c))
            {
                return "*".to_owned();
            }
            without_numbers(word)
        })
        .collect();
    words.join(" ")
}

/// The address of a page without scheme, query and fragment: what a person would call it by.
pub fn address(url: &str) -> &str {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    bare.trim_end_matches('/')
}

/// Host and path of an address, with a star for each part that looks like an id.
pub fn route(url: &str) -> String {
    let path = match url::Url::parse(url) {
        Ok(url) => format!("{}{}", url.host_str().unwrap_or_default(), url.path()),
        Err(_) => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| {
            let digits = part.chars().filter(char::is_ascii_digit).count();
            if digits > 0 && (digits == part.len() || part.len() >= 8) && !part.contains('.') {
                "*"
            } else {
                part
            }
        })
        .collect();
    parts.join("/")
}

/// Name of a file without what a build adds to it (`app.3f9a1c.js` and `app.81bb02.js` are one).
fn file_name(file: &str) -> String {
    let path = file.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let kept: Vec<&str> = name
        .split('.')
        .filter(|part| !(part.len() >= 6 && part.chars().all(|c| c.is_ascii_hexdigit())))
        .collect();
    kept.join(".")
}

fn without_numbers(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    let mut in_number = false;
    for c in word.chars() {
        if c.is_ascii_digit() {
            if !in_number {
                plain.push('*');
            }
            in_number = true;
        } else {
            in_number = false;
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::StackFrame;

    #[test]
    fn what_differs_between_users_is_left_out() {
        let one = normalised("Order 1234 of user 9f86d081884c7d65 failed at https://shop.example/a?b=1");
        let two = normalised("Order 77 of user 60303ae22b998861 failed at https://shop.example/c");
        assert_eq!(one, two);
        assert_eq!(one, "Order * of user * failed at *");
        assert_eq!(normalised("Cannot read 'total'"), "Cannot read 'total'");
    }

    #[test]
    fn routes_have_no_ids() {
        assert_eq!(
            route("https://shop.example/orders/1234/items?x=1"),
            "shop.example/orders/*/items"
        );
        assert_eq!(route("/api/v2/carts/9f86d081-884c"), "/api/v2/carts/*");
    }

    #[test]
    fn builds_of_a_file_are_one() {
        let error = |file: &str| ErrorReport {
            message: "x is not a function".into(),
            error_type: Some("TypeError".into()),
            stack: vec![StackFrame {
                function: Some("pay".into()),
                file: Some(file.into()),
                ..StackFrame::default()
            }],
            ..ErrorReport::default()
        };
        assert_eq!(
            fingerprint(&error("https://shop.example/assets/app.3f9a1c.js")),
            fingerprint(&error("https://shop.example/assets/app.81bb02.js?v=3"))
        );
        assert_eq!(
            fingerprint(&error("a/app.js")),
            "TypeError: x is not a function in pay at app.js"
        );
    }
}
