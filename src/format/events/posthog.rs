//! PostHog product events: exceptions, rage and dead clicks, page views, captured clicks.

use std::sync::Arc;

use serde_json::Value;

use super::{at, signal, small, text, time};
use crate::recording::{
    ErrorReport, ErrorSource, Frustration, FrustrationKind, PageView, SessionContext, SignalKind, StackFrame,
    Telemetry, UserAction,
};

pub(super) fn knows(entry: &Value) -> bool {
    entry.get("event").is_some_and(Value::is_string) && entry.get("properties").is_some_and(Value::is_object)
}

pub(super) fn read(entry: &Value, telemetry: &mut Telemetry) -> Option<()> {
    let when = time(entry.get("timestamp")?)?;
    let properties = entry.get("properties")?;
    telemetry.context.fill_from(SessionContext {
        session: text(properties, &["$session_id"]),
        user: text(entry, &["distinct_id"]).or_else(|| text(properties, &["distinct_id"])),
        service: None,
        release: None,
        environment: None,
        user_agent: text(properties, &["$raw_user_agent"]),
    });
    let kind = match entry.get("event")?.as_str()? {
        "$exception" => SignalKind::Error(exception(properties)?),
        "$rageclick" => {
            SignalKind::Frustration(frustration(FrustrationKind::RageClick, entry, properties, 3))
        }
        "$dead_click" => {
            SignalKind::Frustration(frustration(FrustrationKind::DeadClick, entry, properties, 1))
        }
        "$pageview" => SignalKind::View(PageView {
            url: text(properties, &["$current_url"])?,
            title: text(properties, &["title"]),
        }),
        "$autocapture" => SignalKind::Action(UserAction {
            kind: text(properties, &["$event_type"])?,
            target: element_text(entry, properties),
            selector: None,
        }),
        name if !name.starts_with('$') => SignalKind::Action(UserAction {
            kind: "custom".into(),
            target: Some(name.into()),
            selector: None,
        }),
        _ => return Some(()),
    };
    // A dead click is known only some time after it: its own time stands beside.
    let when = at(properties, &["$dead_click_event_timestamp"])
        .and_then(time)
        .unwrap_or(when);
    let mut signal = signal(when, text(entry, &["uuid"]), kind);
    signal.tab = text(properties, &["$window_id"]);
    telemetry.signals.push(signal);
    Some(())
}

fn exception(properties: &Value) -> Option<ErrorReport> {
    let exception = at(properties, &["$exception_list"])
        .and_then(Value::as_array)?
        .first()?;
    let frames = at(exception, &["stacktrace", "frames"]).and_then(Value::as_array);
    let mechanism = at(exception, &["mechanism", "type"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(ErrorReport {
        message: text(exception, &["value"]).or_else(|| text(exception, &["type"]))?,
        error_type: text(exception, &["type"]),
        source: if mechanism.contains("rejection") {
            ErrorSource::UnhandledRejection
        } else {
            ErrorSource::Exception
        },
        handled: at(exception, &["mechanism", "handled"]).and_then(Value::as_bool),
        // PostHog, like Sentry, lists the innermost call last.
        stack: frames.into_iter().flatten().rev().map(frame).collect(),
    })
}

fn frame(frame: &Value) -> StackFrame {
    StackFrame {
        function: text(frame, &["function"]).filter(|name| &**name != "?"),
        file: text(frame, &["filename"]),
        line: small(frame, &["lineno"]),
        column: small(frame, &["colno"]),
        in_app: at(frame, &["in_app"]).and_then(Value::as_bool),
    }
}

fn frustration(kind: FrustrationKind, entry: &Value, properties: &Value, clicks: u32) -> Frustration {
    Frustration {
        kind,
        node: None,
        target: element_text(entry, properties),
        position: None,
        clicks,
    }
}

/// What names an element, the best first. Its value does not.
const NAMES: [&str; 8] = [
    "text",
    "attr__aria-label",
    "attr__alt",
    "attr__title",
    "attr__placeholder",
    "attr__name",
    "attr_id",
    "attr__id",
];

/// What the element that was clicked is called, or else its tag.
fn element_text(entry: &Value, properties: &Value) -> Option<Arc<str>> {
    let told = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| Arc::from(text))
    };
    let element = at(properties, &["$elements"])
        .and_then(Value::as_array)
        .and_then(|elements| elements.first());
    let chain = at(properties, &["$elements_chain"])
        .or_else(|| at(entry, &["elements_chain"]))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (tag, chained) = first_of_chain(chain);
    let attribute = |name: &str| {
        let listed = element.and_then(|element| at(element, &[name])?.as_str());
        let chained = chained.iter().find(|(key, _)| *key == name);
        listed.and_then(told).or_else(|| told(&chained?.1))
    };
    text(properties, &["$el_text"])
        .and_then(|text| told(&text))
        .or_else(|| attribute("$el_text"))
        .or_else(|| NAMES.into_iter().find_map(attribute))
        .or_else(|| attribute("tag_name"))
        .or_else(|| told(tag))
}

/// Tag and attributes of the first element of what PostHog makes of an element and those around it:
/// `button.large:attr__id="pay"nth-child="1"text="Pay";form:…`.
fn first_of_chain(chain: &str) -> (&str, Vec<(&str, String)>) {
    let end = |letter: char| matches!(letter, '.' | ':' | ';');
    let tag = chain.split(end).next().unwrap_or_default();
    let mut attributes = Vec::new();
    let mut rest = chain;
    while let Some((key, after)) = rest.split_once("=\"") {
        if attributes.is_empty() && key.contains(';') || key.starts_with(';') {
            break;
        }
        // Classes, which stand before the first one, may have colons.
        let key = key.rsplit(':').next().unwrap_or(key);
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next() {
                Some((at, '"')) => break at + 1,
                Some((_, '\\')) => value.extend(letters.next().map(|(_, letter)| letter)),
                Some((_, letter)) => value.push(letter),
                None => break after.len(),
            }
        };
        attributes.push((key, value));
        rest = after.get(end..).unwrap_or_default();
    }
    (tag, attributes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_named(properties: Value, name: &str) {
        let found = element_text(&json!({}), &properties);
        assert_eq!(found.as_deref(), Some(name), "{properties}");
    }

    #[test]
    fn elements_are_called_what_people_call_them() {
        let listed = |element: Value| json!({"$elements": [element, {"tag_name": "form", "$el_text": "no"}]});
        assert_named(listed(json!({"tag_name": "button", "$el_text": " Pay "})), "Pay");
        let field = json!({"tag_name": "input", "$el_text": "", "attr__id": "f7", "attr__aria-label": "Card",
                           "attr__value": "4242"});
        assert_named(listed(field), "Card");
        assert_named(
            listed(json!({"tag_name": "input", "attr__name": "promo", "attr__value": "x"})),
            "promo",
        );
        assert_named(
            listed(json!({"tag_name": "input", "attr__value": "secret"})),
            "input",
        );
        assert_named(
            json!({"$el_text": "Pay", "$elements": [{"tag_name": "a"}]}),
            "Pay",
        );
    }

    #[test]
    fn chains_are_read_up_to_the_first_element() {
        let chain = |chain: &str| json!({"$elements_chain": chain});
        assert_named(
            chain(
                r#"button.btn.md:flex:attr__class="btn; md:flex"nth-child="1"text="Say \"Hi\";";form:text="no""#,
            ),
            r#"Say "Hi";"#,
        );
        assert_named(
            chain(r#"input:attr__placeholder="E-mail"attr__value="a@b.c""#),
            "E-mail",
        );
        assert_named(chain(r#"svg;button:attr__aria-label="Close""#), "svg");
        assert_named(chain(r#"input:nth-child="1";label:text="no""#), "input");
        assert_named(chain(r#"a:text="cut o"#), "cut o");
        let entry = json!({"elements_chain": "a:text=\"Home\""});
        assert_eq!(element_text(&entry, &json!({})).as_deref(), Some("Home"));
        assert_eq!(element_text(&json!({}), &json!({})), None);
    }
}
