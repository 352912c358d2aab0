//! The pictures of a post-mortem: clips, storyboard, two sessions side by side, chart.

use std::path::{Path, PathBuf};

use domreel::clip::{ClipOptions, Seconds, utc_iso};
use domreel::embed::manifest::Manifest;
use domreel::encode::Encoder;
use domreel::encode::output::{EncodeOptions, Format, Target, open, write_file};
use domreel::moment::{Around, PartOptions};
use domreel::overlay::{OutputSize, OverlayOptions};
use domreel::pixmap::Pixmap;
use domreel::recording::Recording;
use domreel::render::{
    Choice, CompareOptions, Framing, RenderError, RenderOptions, Side, StoryboardOptions, compare, render,
    storyboard,
};
use domreel::scan::{Group, PickOptions, Picked, Scan, healthy, read_source};
use domreel::stage::{Stage, StageOptions};

use super::{PostmortemArgs, name_of};
use crate::cli::beside;
use crate::cli::console::Console;
use crate::cli::failure::{Failure, Status};
use crate::cli::input::{as_seen, shown_tab};
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::{RenderBar, WholeOrNothing};
use crate::cli::render::drawing;
use crate::cli::storyboard::encoded;

/// Widths of the clips, in device pixels: of the one that shows the problem, and of the others.
const WIDTH: u32 = 800;
const SMALL: u32 = 480;

/// Size of the chart, in CSS pixels.
pub(super) const CHART: (u32, u32) = (880, 400);

/// Width of the clip of two sessions side by side, and of the storyboard, in pixels.
pub(super) const BESIDE_WIDTH: u32 = 1100;
pub(super) const BOARD_WIDTH: u32 = 1400;

/// Healthy sessions that are tried: not all have a step in common with the one that fails.
pub(super) const HEALTHY_TRIED: usize = 4;

/// A picture that was made.
pub(super) struct Drawn {
    pub(super) path: PathBuf,
    pub(super) size: (u32, u32),
}

/// Two sessions side by side.
pub(super) struct Beside {
    pub(super) drawn: Drawn,
    pub(super) step: String,
    pub(super) healthy: String,
}

/// Reads a session again that was scanned.
fn session(scan: &Scan, picked: &Picked) -> Result<(Recording, usize, f64), Failure> {
    let (scanned, problem) = scan
        .problem(picked.member)
        .ok_or_else(|| Failure::message(Status::Internal, "the session that was picked is gone"))?;
    let recording = read_source(&scanned.source, &PickOptions::default().read)?;
    if recording.tabs.len() <= problem.tab {
        return Err(Failure::message(
            Status::Input,
            "the recording changed while it was read",
        ));
    }
    Ok((recording, problem.tab, problem.time_ms as f64))
}

/// How the clip around a problem is made.
fn options(args: &PostmortemArgs, time: f64, large: bool) -> Result<RenderOptions, Failure> {
    let around: Around = utc_iso(time)
        .unwrap_or_default()
        .parse()
        .map_err(|error| Failure::new(Status::Internal, anyhow::Error::new(error)))?;
    let most = if large { 20_000.0 } else { 12_000.0 };
    let parts = PartOptions {
        max: Seconds::from_milliseconds(most),
        ..PartOptions::default()
    };
    Ok(RenderOptions {
        clip: ClipOptions {
            fps: Format::Gif.default_fps() as u32,
            ..ClipOptions::default()
        },
        choice: Choice::Around(around, parts),
        framing: Framing::Whole,
        size: OutputSize {
            width: Some(if large { WIDTH } else { SMALL }),
            scale: None,
        },
        overlay: OverlayOptions::default(),
        still: false,
        drawing: drawing(&args.browser, args.jobs.map_or(0, usize::from))?,
    })
}

/// Makes the clip of a session around its problem.
pub(super) fn clip(
    args: &PostmortemArgs,
    scan: &Scan,
    picked: &Picked,
    large: bool,
    path: &Path,
    (console, interrupt): (&Console, &Interrupt),
) -> Result<Manifest, Failure> {
    let (recording, tab, time) = session(scan, picked)?;
    let tab = &recording.tabs[tab];
    let options = options(args, time, large)?;
    let encoder = gif(path)?;
    let bar = RenderBar::new(console, interrupt.clone());
    let rendered = render(&recording, tab, &options, encoder, &WholeOrNothing(&bar));
    drop(bar);
    let report = rendered?;
    beside::describe(path, Format::Gif, &[], (&recording, tab), &options, &report)
}

fn gif(path: &Path) -> Result<Box<dyn Encoder>, Failure> {
    let target = Target::Path(path.to_owned());
    Ok(open(&target, Format::Gif, &EncodeOptions::default())?)
}

/// Makes the storyboard of the session that shows the problem best.
pub(super) fn story(
    args: &PostmortemArgs,
    scan: &Scan,
    picked: &Picked,
    folder: &Path,
) -> Result<Drawn, Failure> {
    let (recording, tab, time) = session(scan, picked)?;
    let board = StoryboardOptions {
        frames: 6,
        width: Some(BOARD_WIDTH),
        ..StoryboardOptions::default()
    };
    let made = storyboard(
        &recording,
        &recording.tabs[tab],
        &options(args, time, true)?,
        &board,
    )?;
    let path = folder.join("storyboard.png");
    write_file(&path, &encoded(&made)?)?;
    Ok(Drawn {
        path,
        size: (made.picture.width, made.picture.height),
    })
}

/// Puts the session that shows the problem best beside one that went well, if there is one that did the same.
pub(super) fn side_by_side(
    args: &PostmortemArgs,
    (scan, group): (&Scan, &Group),
    picked: &Picked,
    folder: &Path,
    (console, interrupt): (&Console, &Interrupt),
) -> Result<Option<Beside>, Failure> {
    let (failing, tab, time) = session(scan, picked)?;
    let path = folder.join("beside.gif");
    let options = options(args, time, true)?;
    let compared = CompareOptions {
        problem: Some(time),
        width: BESIDE_WIDTH,
        ..CompareOptions::default()
    };
    let label = |session: Option<&str>, user: Option<&str>| {
        let user = user.map(|user| format!("user {user}"));
        let session = session.map(|session| format!("session {session}"));
        [session, user]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    };
    let ours = label(picked.session.as_deref(), picked.user.as_deref());
    for scanned in healthy(scan, group, picked, HEALTHY_TRIED) {
        let Ok(recording) = read_source(&scanned.source, &PickOptions::default().read) else {
            continue;
        };
        let Ok((recording, _)) = as_seen(recording) else {
            continue;
        };
        let theirs = label(scanned.facts.session.as_deref(), scanned.facts.user.as_deref());
        let sides = [
            Side {
                recording: &failing,
                tab: &failing.tabs[tab],
                label: &ours,
            },
            Side {
                recording: &recording,
                tab: shown_tab(&recording)?,
                label: &theirs,
            },
        ];
        let bar = RenderBar::new(console, interrupt.clone());
        let made = compare(sides, &compared, &options, gif(&path)?, &WholeOrNothing(&bar));
        drop(bar);
        match made {
            Err(RenderError::NoSameStep { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(made) => {
                let healthy = match theirs.as_str() {
                    "" => name_of(scanned.source.path()),
                    theirs => theirs.replace(" · ", " of "),
                };
                return Ok(Some(Beside {
                    drawn: Drawn {
                        path,
                        size: (made.summary.width, made.summary.height),
                    },
                    step: made.step.text,
                    healthy,
                }));
            }
        }
    }
    Ok(None)
}

/// A chart as PNG, drawn by the browser.
pub(super) fn draw(args: &PostmortemArgs, svg: &str) -> Result<Vec<u8>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Internal, error))?;
    let options = StageOptions {
        browser: args.browser.choice().options(1.0)?,
        capture: args.browser.capture(),
        width: CHART.0,
        height: CHART.1,
        still: true,
    };
    let html = format!(
        "<div data-sprite=\"chart\" style=\"width:{}px;height:{}px\">{svg}</div>",
        CHART.0, CHART.1
    );
    let sheet = runtime.block_on(async {
        let mut stage = Stage::open(&options).await?;
        stage.draw_sheet(&html).await
    })?;
    let picture = cropped(
        &sheet.on_white,
        sheet
            .sprites
            .first()
            .map_or((0.0, 0.0), |sprite| (sprite.x, sprite.y)),
    );
    domreel::encode::frames::png(&picture).map_err(|error| Failure::new(Status::Output, error))
}

/// The part of a picture that the chart takes, from its left upper corner.
fn cropped(picture: &Pixmap, (left, top): (f64, f64)) -> Pixmap {
    let (left, top) = (left.max(0.0) as u32, top.max(0.0) as u32);
    let width = CHART.0.min(picture.width.saturating_sub(left));
    let height = CHART.1.min(picture.height.saturating_sub(top));
    let data = picture
        .data
        .chunks_exact((picture.width as usize * 4).max(1))
        .skip(top as usize)
        .take(height as usize)
        .flat_map(|row| {
            row.iter()
                .skip(left as usize * 4)
                .take(width as usize * 4)
                .copied()
        })
        .collect();
    Pixmap { width, height, data }
}
