//! The step that two sessions share, so that one can be seen beside the other.

use super::fingerprint::route;
use super::{UserStep, UserStepKind};

/// A step that both sessions have.
#[derive(Debug, Clone, PartialEq)]
pub struct SameStep {
    /// What the user did, in words.
    pub text: String,
    /// When in the one and in the other, in milliseconds since the Unix epoch.
    pub times: (f64, f64),
}

/// The last step of `failing` up to `before` (milliseconds since the Unix epoch) that `other` has too; where
/// that has several, the one that like steps led to. `wanted`: only a step in whose words this stands.
pub fn same_step(
    failing: &[UserStep],
    before: f64,
    other: &[UserStep],
    wanted: Option<&str>,
) -> Option<SameStep> {
    let names = |steps: &[UserStep]| steps.iter().map(name).collect::<Vec<_>>();
    let (ours, theirs) = (names(failing), names(other));
    let wanted = wanted.map(str::to_lowercase);
    let counts = |step: &UserStep| {
        step.time <= before
            && step.kind != UserStepKind::Resize
            && wanted
                .as_ref()
                .is_none_or(|wanted| step.text.to_lowercase().contains(wanted))
    };
    failing
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, step)| counts(step))
        .find_map(|(at, step)| {
            let same = theirs.iter().enumerate().filter(|(_, name)| **name == ours[at]);
            // Of equal ones the first: what comes again is another try.
            let (there, _) = same
                .rev()
                .max_by_key(|(there, _)| alike(&ours[..at], &theirs[..*there]))?;
            Some(SameStep {
                text: once(&step.text).to_owned(),
                times: (step.time, other.get(there)?.time),
            })
        })
}

/// How many steps lead to two places in the same way.
fn alike(one: &[String], other: &[String]) -> usize {
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one == other).count()
}

/// A step without what differs from user to user: how often, how much, which id.
fn name(step: &UserStep) -> String {
    match step.kind {
        UserStepKind::Open => format!("open {}", route(step.text.trim_start_matches("Opened "))),
        UserStepKind::Type => {
            let field = step.text.split_once(" into ").map_or("", |(_, field)| field);
            format!("type {field}")
        }
        UserStepKind::Scroll => "scroll".to_owned(),
        _ => once(&step.text).to_owned(),
    }
}

/// “Clicked button ‘Pay’ 6 times” as it begins.
fn once(text: &str) -> &str {
    let count = |text: &'_ str| {
        let (rest, count) = text.strip_suffix(" times")?.rsplit_once(' ')?;
        count
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(rest.len())
    };
    count(text).and_then(|length| text.get(..length)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(texts: &[(f64, UserStepKind, &str)]) -> Vec<UserStep> {
        let step = |(time, kind, text): &(f64, UserStepKind, &str)| UserStep {
            time: *time,
            text: (*text).to_owned(),
            node: None,
            kind: *kind,
        };
        texts.iter().map(step).collect()
    }

    #[test]
    fn the_last_step_before_the_problem_counts_that_both_have() {
        use UserStepKind::{Click, Open, Type};
        let failing = steps(&[
            (1.0, Open, "Opened https://shop.example/orders/17"),
            (2.0, Type, "Typed 6 characters into field ‘Name’"),
            (3.0, Click, "Clicked button ‘Pay’ 6 times"),
            (9.0, Click, "Clicked button ‘Help’"),
        ]);
        let healthy = steps(&[
            (11.0, Open, "Opened https://shop.example/orders/4"),
            (12.0, Click, "Clicked button ‘Pay’"),
            (14.0, Type, "Typed 1 character into field ‘Name’"),
            (15.0, Click, "Clicked button ‘Pay’"),
            (16.0, Click, "Clicked button ‘Help’"),
        ]);
        let found = same_step(&failing, 5.0, &healthy, None).unwrap();
        assert_eq!(
            (found.text.as_str(), found.times),
            ("Clicked button ‘Pay’", (3.0, 15.0))
        );
        let found = same_step(&failing, 5.0, &healthy, Some("OPENED")).unwrap();
        assert_eq!(found.times, (1.0, 11.0));
        assert_eq!(same_step(&failing, 5.0, &healthy, Some("help")), None);
        assert_eq!(same_step(&failing, 5.0, &[], None), None);
    }
}
