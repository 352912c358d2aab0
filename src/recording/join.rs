//! What files beside a recording tell, added to what the recording tells itself.

use std::collections::BTreeMap;

use super::{
    ConsoleLevel, ErrorReport, Frustration, FrustrationKind, Origin, Request, Signal, SignalKind, Telemetry,
};

/// The same thing, told by two sources, lies this close together, in milliseconds.
const SAME_MS: f64 = 2000.0;

/// Clocks that differ by less than this agree, in milliseconds.
const AGREE_MS: f64 = 2000.0;

/// What a signal is known by to any source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// An error, or a line of the console, by its words.
    Error(String),
    Request(String),
    Frustration(FrustrationKind),
}

fn key(kind: &SignalKind) -> Option<Key> {
    Some(match kind {
        SignalKind::Error(error) => Key::Error(words(error)),
        SignalKind::Console(line) if line.level == ConsoleLevel::Error => Key::Error(plain(&line.text)),
        SignalKind::Request(request) => {
            let path = request.url.split(['?', '#']).next().unwrap_or_default();
            // Some sources leave out the host.
            let path = path
                .split_once("://")
                .map_or(path, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
            Key::Request(format!("{} {path}", request.method.as_deref().unwrap_or("GET")))
        }
        SignalKind::Frustration(sign) => Key::Frustration(sign.kind),
        _ => return None,
    })
}

/// Type and message of an error as one text.
fn words(error: &ErrorReport) -> String {
    match &error.error_type {
        Some(name) if !error.message.starts_with(&**name) => plain(&format!("{name}: {}", error.message)),
        _ => plain(&error.message),
    }
}

/// A text without what only some sources put before it, and without their line breaks.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let mut bare = text.as_str();
    for prefix in ["Uncaught ", "(in promise) ", "Error: "] {
        bare = bare.strip_prefix(prefix).unwrap_or(bare);
    }
    bare.to_owned()
}

impl Telemetry {
    /// Adds what a file beside the recording tells. What is told by both, or by a file that was joined
    /// before, is one signal, with all that either knows of it. What one source tells twice happened twice.
    pub fn join(&mut self, side: Telemetry) {
        let mut known: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (at, signal) in self.signals.iter().enumerate() {
            if let Some(key) = key(&signal.kind).filter(|_| signal.origin != Origin::Derived) {
                known.entry(key).or_default().push(at);
            }
        }
        let mut new = Telemetry {
            context: side.context,
            ..Telemetry::default()
        };
        for signal in side.signals {
            let same = key(&signal.kind).and_then(|key| {
                let places = known.get_mut(&key)?;
                let near = |at: &usize| {
                    let apart = self
                        .signals
                        .get(*at)
                        .map_or(f64::INFINITY, |one| (one.time - signal.time).abs());
                    (apart <= SAME_MS).then_some(apart)
                };
                let (nearest, _) = places
                    .iter()
                    .enumerate()
                    .filter_map(|(place, at)| Some((place, near(at)?)))
                    .min_by(|one, two| one.1.total_cmp(&two.1))?;
                Some(places.remove(nearest))
            });
            match same.and_then(|at| self.signals.get_mut(at)) {
                Some(one) => learn(one, signal),
                None => new.signals.push(signal),
            }
        }
        self.merge(new);
    }

    /// By how much the clock of `side` is ahead of this one, in milliseconds, if what both tell of says
    /// clearly that they differ.
    pub fn clock_difference(&self, side: &Telemetry) -> Option<f64> {
        let mine = by_key(self);
        let mut differences: Vec<f64> = Vec::new();
        for (key, theirs) in by_key(side) {
            // A different number of times: who knows which is which.
            let Some(mine) = mine.get(&key).filter(|mine| mine.len() == theirs.len()) else {
                continue;
            };
            differences.extend(theirs.iter().zip(mine).map(|(theirs, mine)| theirs - mine));
        }
        differences.sort_by(f64::total_cmp);
        let middle = *differences.get(differences.len() / 2)?;
        let agreeing = differences.iter().filter(|one| (*one - middle).abs() <= AGREE_MS);
        let clear = middle.abs() > AGREE_MS && agreeing.count() * 2 > differences.len();
        clear.then_some(middle)
    }
}

fn by_key(telemetry: &Telemetry) -> BTreeMap<Key, Vec<f64>> {
    let mut times: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for signal in &telemetry.signals {
        // Sources differ in what they call frustration.
        if let Some(key) = key(&signal.kind).filter(|key| !matches!(key, Key::Frustration(_))) {
            times.entry(key).or_default().push(signal.time);
        }
    }
    times
}

/// Fills in what `one` does not say and `other` does.
fn learn(one: &mut Signal, other: Signal) {
    if one.id.is_none() {
        one.id = other.id;
    }
    match (&mut one.kind, other.kind) {
        (SignalKind::Error(mine), SignalKind::Error(theirs)) => {
            if mine.stack.is_empty() || theirs.stack.iter().any(|frame| frame.in_app == Some(true)) {
                mine.stack = theirs.stack;
            }
            if mine.error_type.is_none() && theirs.error_type.is_some() {
                (mine.error_type, mine.message) = (theirs.error_type, theirs.message);
            }
            mine.handled = mine.handled.or(theirs.handled);
        }
        // An error says more than a line.
        (mine @ SignalKind::Console(_), theirs @ SignalKind::Error(_)) => *mine = theirs,
        (SignalKind::Request(mine), SignalKind::Request(theirs)) => {
            let Request {
                status,
                duration,
                initiator,
                no_answer,
                ..
            } = theirs;
            mine.no_answer = mine.no_answer && (no_answer || status.is_none());
            mine.status = mine.status.or(status);
            mine.duration = mine.duration.or(duration);
            if mine.initiator.is_none() {
                mine.initiator = initiator;
            }
        }
        (SignalKind::Frustration(mine), SignalKind::Frustration(theirs)) => {
            let Frustration {
                node,
                target,
                position,
                clicks,
                ..
            } = theirs;
            mine.node = mine.node.or(node);
            mine.position = mine.position.or(position);
            mine.clicks = mine.clicks.max(clicks);
            if mine.target.is_none() {
                mine.target = target;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(time: f64, message: &str, origin: Origin) -> Signal {
        let (error_type, message) = match message.split_once(": ") {
            Some((name, message)) if origin == Origin::SideFile => (Some(name.into()), message),
            _ => (None, message),
        };
        let report = ErrorReport {
            message: message.into(),
            error_type,
            ..ErrorReport::default()
        };
        Signal {
            time,
            tab: None,
            id: None,
            origin,
            kind: SignalKind::Error(report),
        }
    }

    fn telemetry(signals: Vec<Signal>) -> Telemetry {
        Telemetry {
            signals,
            ..Telemetry::default()
        }
    }

    #[test]
    fn what_both_tell_is_told_once() {
        let mut recorded = telemetry(vec![
            error(1000.0, "TypeError: x is undefined", Origin::Recorded),
            error(1300.0, "TypeError: x is undefined", Origin::Recorded),
        ]);
        recorded.join(telemetry(vec![
            error(1050.0, "TypeError: x is undefined", Origin::SideFile),
            error(1350.0, "TypeError: x is undefined", Origin::SideFile),
            error(9000.0, "TypeError: x is undefined", Origin::SideFile),
            error(1400.0, "RangeError: y", Origin::SideFile),
        ]));
        let told: Vec<(f64, Origin)> = recorded
            .signals
            .iter()
            .map(|one| (one.time, one.origin))
            .collect();
        assert_eq!(
            told,
            [
                (1000.0, Origin::Recorded),
                (1300.0, Origin::Recorded),
                (1400.0, Origin::SideFile),
                (9000.0, Origin::SideFile),
            ]
        );
        let SignalKind::Error(first) = &recorded.signals[0].kind else {
            panic!("{:?}", recorded.signals[0]);
        };
        assert_eq!(first.error_type.as_deref(), Some("TypeError"));
        assert_eq!(&*first.message, "x is undefined");
    }

    #[test]
    fn what_two_files_tell_is_told_once() {
        let side = |late: f64| {
            telemetry(vec![
                error(1000.0 + late, "TypeError: x is undefined", Origin::SideFile),
                error(1400.0 + late, "TypeError: x is undefined", Origin::SideFile),
            ])
        };
        let mut recorded = telemetry(Vec::new());
        recorded.join(side(0.0));
        assert_eq!(recorded.signals.len(), 2);
        recorded.join(side(90.0));
        let times: Vec<f64> = recorded.signals.iter().map(|one| one.time).collect();
        assert_eq!(times, [1000.0, 1400.0]);
    }

    #[test]
    fn the_same_words_are_known_however_they_are_written() {
        for recorded in [
            "Error: no stock\n for 7",
            "Uncaught Error: no stock for 7",
            "Uncaught (in promise) Error: no stock for 7",
            " no stock for 7",
        ] {
            let mut telemetry = telemetry(vec![error(1000.0, recorded, Origin::Recorded)]);
            telemetry.join(self::telemetry(vec![error(
                1900.0,
                "Error: no stock for 7",
                Origin::SideFile,
            )]));
            assert_eq!(telemetry.signals.len(), 1, "{recorded}");
        }
        let mut other = telemetry(vec![error(1000.0, "no stock for 8", Origin::Recorded)]);
        other.join(telemetry(vec![error(
            1000.0,
            "Error: no stock for 7",
            Origin::SideFile,
        )]));
        assert_eq!(other.signals.len(), 2);
    }

    #[test]
    fn clocks_that_differ_are_noticed() {
        let recorded = telemetry(vec![
            error(1000.0, "TypeError: a", Origin::Recorded),
            error(5000.0, "TypeError: b", Origin::Recorded),
        ]);
        let side = |ahead: f64| {
            telemetry(vec![
                error(1000.0 + ahead, "TypeError: a", Origin::SideFile),
                error(5100.0 + ahead, "TypeError: b", Origin::SideFile),
            ])
        };
        assert_eq!(recorded.clock_difference(&side(60_000.0)), Some(60_100.0));
        assert_eq!(recorded.clock_difference(&side(300.0)), None);
        assert_eq!(recorded.clock_difference(&telemetry(Vec::new())), None);
    }
}
