//! How much of the page is shown: all of it, a part of it, or what the user is at.

use std::fmt;
use std::str::FromStr;

use super::capture::{arrive, open_stage};
use super::places::Lookout;
use super::still::blocking;
use super::timings::Spent;
use super::{RenderError, RenderOptions};
use crate::clip::Clip;
use crate::dom::{Handle, NodeView, Replay};
use crate::moment::moments;
use crate::overlay::{Level, Overlay, OverlayOptions, PagePart, PlaceBox, Scene};
use crate::recording::{NodeId, Recording, Tab, Telemetry};
use crate::redact::{Selector, SelectorError};
use crate::stage::{Look, Stage};

/// Elements that are tried at most at one time until one is seen.
const MOST_TRIED: usize = 30;

/// Times that are looked at for an element at most.
const MOST_TIMES: usize = 40;

/// How much of the page is shown.
#[derive(Debug, Clone, Default)]
pub enum Framing {
    /// All of it.
    #[default]
    Whole,
    /// All of it, with looks from closer at what the user clicks and types into.
    CloseUps,
    /// A part of it.
    Part(Crop),
}

/// A part of a page. Written as four numbers, `x,y,width,height` in CSS pixels, or as a selector.
#[derive(Debug, Clone)]
pub enum Crop {
    /// A box in CSS pixels of the page's viewport.
    Box(PlaceBox),
    /// The first element in sight that a selector means, wherever it is later.
    Element(Selector),
}

/// Why a part cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CropError {
    /// The selector cannot be used.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// The box has no area, or is not written in numbers that make sense.
    #[error(
        "‘{0}’ is not a part of a page: write x,y,width,height in CSS pixels, like 0,120,640,400, or a selector"
    )]
    Box(String),
}

impl FromStr for Crop {
    type Err = CropError;

    fn from_str(text: &str) -> Result<Self, CropError> {
        let numbers: Vec<Option<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        if let [x, y, width, height] = *numbers
            && let (Some(x), Some(y), Some(width), Some(height)) = (x, y, width, height)
        {
            let sound = [x, y].iter().all(|start| (0.0..1e5).contains(start))
                && [width, height].iter().all(|side| (1.0..1e5).contains(side));
            return match sound {
                true => Ok(Crop::Box(PlaceBox { x, y, width, height })),
                false => Err(CropError::Box(text.to_owned())),
            };
        }
        // No selector begins with a number.
        if matches!(numbers.first(), Some(Some(_))) {
            return Err(CropError::Box(text.to_owned()));
        }
        Ok(Crop::Element(Selector::parse(text)?))
    }
}

impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Crop::Box(PlaceBox { x, y, width, height }) => write!(f, "{x},{y},{width},{height}"),
            Crop::Element(selector) => selector.fmt(f),
        }
    }
}

/// The scene of a clip as the options want it.
///
/// # Errors
/// When the part that is to be shown is nowhere on the clip's pages.
pub(super) fn scene(
    recording: &Recording,
    tab: &Tab,
    clip: &Clip,
    options: &RenderOptions,
) -> Result<Scene, RenderError> {
    let whole = Scene::new(tab, clip, options.size);
    let part = match &options.framing {
        Framing::Whole => return Ok(whole),
        Framing::CloseUps => return Ok(whole.with_close_ups()),
        Framing::Part(Crop::Box(place)) => {
            if place.x >= f64::from(whole.width) || place.y >= f64::from(whole.height) {
                return Err(RenderError::Crop {
                    part: Crop::Box(*place).to_string(),
                    found: format!("the page is {} × {} CSS pixels", whole.width, whole.height),
                });
            }
            PagePart {
                place: *place,
                node: None,
            }
        }
        Framing::Part(Crop::Element(selector)) => {
            let selector = selector.clone().within(&tab.limits);
            let selector = selector.map_err(|error| RenderError::Crop {
                part: error.selector,
                found: error.reason,
            })?;
            blocking(find(recording, tab, clip, &selector, whole, options))?
        }
    };
    Ok(whole.with_part(part, options.size))
}

/// The first element that is meant and can be seen, at the first of the times that tell most.
async fn find(
    recording: &Recording,
    tab: &Tab,
    clip: &Clip,
    selector: &Selector,
    whole: Scene,
    options: &RenderOptions,
) -> Result<PagePart, RenderError> {
    let (start, end) = (clip.map.start(), clip.map.end());
    let happens = moments(tab, &recording.telemetry)
        .into_iter()
        .map(|moment| moment.time)
        .filter(|time| (start..=end).contains(time));
    let steps = (1..=10).map(|step| start + (end - start) * f64::from(step) / 10.0);
    let times = std::iter::once(start)
        .chain(happens.take(MOST_TIMES))
        .chain(steps);
    let bare = OverlayOptions {
        level: Level::None,
        ..OverlayOptions::default()
    };
    let overlay = Overlay::new(tab, &Telemetry::default(), clip, &whole, &bare);
    let mut lookout = Lookout::new(tab, &overlay);
    let mut replay = Replay::new(tab);
    let mut stage: Option<Stage> = None;
    let mut matched = false;
    for time in times {
        replay.seek(time);
        let page = replay.page();
        let nodes = page.views().filter(|node| selector.matches(*node));
        let meant: Vec<NodeId> = nodes.filter_map(NodeView::id).take(MOST_TRIED).collect();
        if meant.is_empty() {
            continue;
        }
        matched = true;
        let stage = match &mut stage {
            Some(stage) => stage,
            None => stage.insert(open_stage(whole, tab.limits, options).await?),
        };
        let (nothing, spent) = (std::iter::empty(), &mut Spent::default());
        arrive(stage, &mut replay, time, &mut lookout, nothing, spent).await?;
        let page = replay.page();
        let handles: Vec<Handle> = meant.iter().filter_map(|node| page.handle_of(*node)).collect();
        let look = Look {
            missing: false,
            boxes: &handles,
        };
        let boxes = stage.look(&look).await?.boxes;
        let seen = meant.iter().find_map(|node| {
            let handle = page.handle_of(*node)?;
            let found = boxes.iter().find(|found| found.node == handle)?;
            let place = PlaceBox {
                x: found.x,
                y: found.y,
                width: found.width,
                height: found.height,
            };
            is_in_sight(place, whole).then_some(PagePart {
                place,
                node: Some(*node),
            })
        });
        if let Some(part) = seen {
            return Ok(part);
        }
    }
    Err(RenderError::Crop {
        part: selector.to_string(),
        found: match matched {
            true => "what it means is never in sight in this clip".to_owned(),
            false => "nothing on the pages of this clip is meant by it".to_owned(),
        },
    })
}

/// Whether enough of it can be seen to be shown alone.
fn is_in_sight(place: PlaceBox, whole: Scene) -> bool {
    const LEAST: f64 = 8.0;
    let shown = |start: f64, length: f64, whole: u32| {
        (start + length).min(f64::from(whole)) - start.max(0.0) >= LEAST
    };
    shown(place.x, place.width, whole.width) && shown(place.y, place.height, whole.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_boxes_or_selectors() {
        let part = |text: &str| text.parse::<Crop>();
        let place = PlaceBox {
            x: 0.0,
            y: 120.5,
            width: 640.0,
            height: 400.0,
        };
        assert!(matches!(part("0,120.5, 640,400"), Ok(Crop::Box(found)) if found == place));
        assert!(matches!(part("#cart .total"), Ok(Crop::Element(_))));
        assert!(matches!(part("h1, h2, h3, h4"), Ok(Crop::Element(_))));
        for wrong in ["0,0,0,10", "-1,0,5,5", "1,2,3", "NaN,0,1,1", "1,2,3,4,5"] {
            assert!(matches!(part(wrong), Err(CropError::Box(_))), "{wrong}");
        }
        assert!(matches!(part("a:has(b)"), Err(CropError::Selector(_))));
        assert_eq!(part("#cart .total").unwrap().to_string(), "#cart .total");
    }

    #[test]
    fn what_is_off_the_page_is_not_in_sight() {
        let whole = Scene::whole(800, 600, 1.0);
        let at = |x: f64, y: f64| {
            let place = PlaceBox {
                x,
                y,
                width: 100.0,
                height: 50.0,
            };
            is_in_sight(place, whole)
        };
        assert!(at(0.0, 0.0) && at(-50.0, 580.0));
        assert!(!at(-99.0, 0.0) && !at(0.0, 600.0));
    }
}
