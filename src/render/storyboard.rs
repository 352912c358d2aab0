//! One picture that tells a whole clip: its key frames in a grid.

use super::capture::open_stage;
use super::still::{Still, blocking, take_pictures};
use super::{Framing, RenderError, RenderOptions, framing, shown};
use crate::clip::Clip;
use crate::dom::Replay;
use crate::limits::Limits;
use crate::moment::{KeyFrame, key_frames};
use crate::overlay::{
    Board, BoardHead, BoardLayout, Level, OutputSize, Overlay, OverlayOptions, Part, Scene,
};
use crate::pixmap::Pixmap;
use crate::recording::{Recording, Tab};
use crate::stage::SheetPicture;

/// How long after it a click is to be seen best, in clip time.
const RIPPLE_MS: f64 = 150.0;

/// What of the overlays is drawn into pictures that have their texts below them.
const PARTS: [Part; 5] = [
    Part::Cursor,
    Part::Clicks,
    Part::Target,
    Part::Badges,
    Part::Missing,
];

/// What a storyboard is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryboardOptions {
    /// Pictures at most.
    pub frames: usize,
    /// Pictures in a row; `None`: what suits the page.
    pub columns: Option<u32>,
    /// Width of the whole in pixels; `None`: what prints well.
    pub width: Option<u32>,
}

impl StoryboardOptions {
    /// Most pictures that can be asked for.
    pub const MOST_FRAMES: usize = 48;
}

impl Default for StoryboardOptions {
    fn default() -> Self {
        StoryboardOptions {
            frames: 9,
            columns: None,
            width: None,
        }
    }
}

/// A storyboard.
#[derive(Debug, Clone)]
pub struct Storyboard {
    /// The picture. Opaque.
    pub picture: Pixmap,
    /// What it shows, in order.
    pub frames: Vec<KeyFrame>,
    /// Why this part of the recording, where the choice was not the user's.
    pub chosen: Option<String>,
}

/// Makes the storyboard of the clip that `options` ask for, of one tab of a recording. Of the size in
/// `options`, nothing is used.
///
/// # Errors
/// When there is nothing to show, or the browser cannot be used or fails.
pub fn storyboard(
    recording: &Recording,
    tab: &Tab,
    options: &RenderOptions,
    board: &StoryboardOptions,
) -> Result<Storyboard, RenderError> {
    let (clip, chosen) = shown(recording, tab, options)?;
    let most = board.frames.clamp(1, StoryboardOptions::MOST_FRAMES);
    let frames = key_frames(tab, &recording.telemetry, &clip.map, most);
    let page = part_of(recording, tab, &clip, options, OutputSize::default())?;
    let (page_width, page_height) = page.shown_size();
    let layout = BoardLayout::new(
        frames.len(),
        (page_width.round() as u32, page_height.round() as u32),
        board.columns,
        board.width,
    );
    // Pages that are narrower are enlarged, so that they are not lost in their places.
    let size = OutputSize {
        width: None,
        scale: Some(f64::from(layout.picture) / page_width.max(1.0)),
    };
    let scene = match page.part {
        Some(part) => page.with_part(part, size),
        None => Scene::new(tab, &clip, size),
    };
    let pictured = OverlayOptions {
        show: PARTS
            .into_iter()
            .filter(|part| options.overlay.shows(*part))
            .collect(),
        level: Level::None,
        ..options.overlay.clone()
    };
    let overlay = Overlay::new(tab, &recording.telemetry, &clip, &scene, &pictured);
    let at: Vec<Still> = frames
        .iter()
        .map(|frame| {
            let clip_ms = clip.map.clip_at(frame.picture);
            let is_click = frame.lines.last().is_some_and(|line| line.kind.is_click());
            let later = if is_click { RIPPLE_MS } else { 0.0 };
            Still {
                page: frame.picture,
                clip_ms: (clip_ms + later).min(clip.map.length() as f64),
            }
        })
        .collect();
    let mut replay = Replay::new(tab);
    replay.seek(at.first().map_or(clip.map.start(), |first| first.page));
    let head = BoardHead {
        page: replay.page().href(),
        shown: (clip.map.start(), clip.map.end()),
        origin: clip.origin,
    };
    let board = Board::new(&head, &frames, &layout, scene.page_size().1, &options.overlay);
    let mut pictures = Vec::with_capacity(frames.len());
    let sheet = blocking(async {
        let mut take = |_, picture| {
            pictures.push(picture);
            Ok(())
        };
        take_pictures(tab, overlay, scene, options, &at, &mut take).await?;
        draw(&board, layout.width, tab.limits, options).await
    })?;
    Ok(Storyboard {
        picture: board.compose(&sheet, &pictures),
        frames,
        chosen,
    })
}

/// What of the page is pictured: all of it or the part that was asked for, but nothing from closer, for
/// pictures side by side are to be compared.
fn part_of(
    recording: &Recording,
    tab: &Tab,
    clip: &Clip,
    options: &RenderOptions,
    size: OutputSize,
) -> Result<Scene, RenderError> {
    match options.framing {
        Framing::Part(_) => {
            let options = RenderOptions {
                size,
                ..options.clone()
            };
            framing::scene(recording, tab, clip, &options)
        }
        Framing::Whole | Framing::CloseUps => Ok(Scene::new(tab, clip, size)),
    }
}

/// Draws the board at its own size: the page's may be narrower.
async fn draw(
    board: &Board,
    width: u32,
    limits: Limits,
    options: &RenderOptions,
) -> Result<SheetPicture, RenderError> {
    /// Rows of pixels that are drawn at once.
    const STRIP: u32 = 1000;
    let scene = Scene::whole(width, STRIP, 1.0);
    let mut stage = open_stage(scene, limits, options).await?;
    Ok(stage.draw_sheet(board.sheet()).await?)
}
