//! Which part of a recording becomes the clip.

use std::ops::Range;

use super::RenderError;
use crate::clip::{Clip, ClipOptions, Seconds, offset_text};
use crate::moment::{Around, Moment, PartOptions, joined, moments, most_worth_seeing, part_around};
use crate::recording::{Tab, Telemetry};

/// Which part of a recording becomes the clip.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// The range that the clip's options have.
    #[default]
    Range,
    /// This part, in recording time: milliseconds since the Unix epoch.
    Part(Range<f64>),
    /// What is around moments.
    Around(Around, PartOptions),
    /// The part most worth seeing.
    MostWorthSeeing(PartOptions),
    /// The whole session, or the part most worth seeing if the clip would be longer than this.
    WholeUpTo(Seconds, PartOptions),
}

/// Chooses the clip; tells why, where the choice was not the user's.
pub(super) fn choose(
    tab: &Tab,
    telemetry: &Telemetry,
    options: &ClipOptions,
    choice: &Choice,
) -> Result<(Clip, Option<String>), RenderError> {
    let whole = || Clip::new(tab, options);
    match choice {
        Choice::Range => Ok((whole()?, None)),
        Choice::Part(part) => Ok((Clip::of_parts(tab, options, std::slice::from_ref(part))?, None)),
        Choice::Around(Around::Time(point), parts) => {
            let time = whole_session(tab, options)?.resolve(*point);
            Ok((
                Clip::of_parts(tab, options, &[part_around(tab, time, parts)])?,
                None,
            ))
        }
        Choice::Around(around, parts) => {
            let moments = moments(tab, telemetry);
            let parts = around
                .choose(&moments, &tab.limits)?
                .iter()
                .map(|moment| part_around(tab, moment.time, parts))
                .collect();
            Ok((Clip::of_parts(tab, options, &joined(parts))?, None))
        }
        Choice::MostWorthSeeing(parts) => match best(tab, telemetry, parts) {
            Some((part, why)) => Ok((Clip::of_parts(tab, options, &[part])?, Some(why))),
            None => Ok((
                whole()?,
                Some("nothing in it stands out: all of it is shown".to_owned()),
            )),
        },
        Choice::WholeUpTo(limit, parts) => {
            let clip = whole_session(tab, options)?;
            if clip.map.length() as f64 <= limit.milliseconds() {
                return Ok((whole()?, None));
            }
            let length = offset_text(clip.map.length() as f64);
            match best(tab, telemetry, parts) {
                Some((part, why)) => {
                    let why = format!("the whole session would be {length} long; {why}");
                    Ok((Clip::of_parts(tab, options, &[part])?, Some(why)))
                }
                None => {
                    let why = format!("all {length} of the session are shown, for nothing in it stands out");
                    Ok((whole()?, Some(why)))
                }
            }
        }
    }
}

/// The whole session, however long.
fn whole_session(tab: &Tab, options: &ClipOptions) -> Result<Clip, RenderError> {
    let unlimited = ClipOptions {
        max_length: Seconds::from_milliseconds(f64::MAX),
        ..*options
    };
    Ok(Clip::new(tab, &unlimited)?)
}

fn best(tab: &Tab, telemetry: &Telemetry, parts: &PartOptions) -> Option<(Range<f64>, String)> {
    let moments = moments(tab, telemetry);
    let (Moment { time, text, .. }, why) = most_worth_seeing(&moments)?;
    let at = offset_text(time - tab.start()?);
    let text: String = text.chars().take(80).collect();
    let what = if text.is_empty() {
        String::new()
    } else {
        format!(" ({text})")
    };
    Some((
        part_around(tab, *time, parts),
        format!("shown is {why}, at {at}{what}"),
    ))
}
