//! What is drawn over and around the page: what the user did, what broke, and when. Pixels only: no
//! browser.
//!
//! ```text
//! Tab, Telemetry, Clip ──▶ Overlay ──sheets──▶ HTML ──stage──▶ pictures ──load──┐
//!                             │                                                 ▼
//!                             └──state_at(clip time)──▶ State ──compose(page)──▶ frame
//! ```
//!
//! Everything with text in it is a piece of HTML that the browser draws once for a clip. What shows
//! when, and at which spot, is a [`State`]: a list of what to draw, so that equal states are equal
//! pixels and a frame is made only where they differ. Nothing here asks for a new picture of the page.
//!
//! | where | what |
//! |---|---|
//! | on the page | pointer, clicks and touches; error cards, tied to what was clicked; badges, names of pages, captions; labels on what is missing |
//! | lane below it | what the user did or types, console lines, failed and slow requests |
//! | bar below that | timeline with marks and folds, address, clocks |
//!
//! `story` finds what there is to tell and when, without a thought of how it looks; `cards` says it in
//! HTML; the rest are the parts of the table. What is on the page keeps clear of the target of a click
//! and, where it can, of the pointer's way (`placing`); where that is not possible, the page is shown
//! smaller (`room`).
//!
//! Two kinds of pixels: *CSS pixels* of the page's viewport, in which recordings speak, and *output
//! pixels*, in which everything is drawn. The [`Scene`] leads from one to the other.

mod atlas;
mod bar;
mod board;
mod camera;
mod cards;
mod digits;
mod error_cards;
mod history;
mod lane;
mod missing;
mod notes;
mod options;
mod pace;
mod paint;
mod places;
mod placing;
mod pointer;
mod room;
mod scene;
mod scenery;
mod side_by_side;
mod state;
mod story;
mod target;
mod theme;
mod titles;

use self::atlas::Atlas;
use self::bar::Bar;
use self::camera::{Camera, Seen};
use self::error_cards::ErrorCards;
use self::history::{Pages, Viewport};
use self::lane::Lane;
use self::missing::MissingLabels;
use self::notes::Notes;
use self::pointer::{Pointer, PointerLook};
use self::room::{Room, Strip};
use self::scene::{Layout, View};
use self::scenery::Scenery;
use self::state::{Mark, Stack};
use self::story::Story;
use self::theme::{Metrics, Theme};
use self::titles::Titles;
use crate::clip::{Clip, TimeMap};
use crate::pixmap::Pixmap;
use crate::recording::{Tab, Telemetry};
use crate::stage::SheetPicture;

pub use self::board::{Board, BoardHead, BoardLayout};
pub use self::options::{
    Accent, Caption, Level, OverlayOptionError, OverlayOptions, Part, Placing, ThemeChoice,
};
pub use self::pace::with_time_to_read;
pub use self::places::{KnownPlace, KnownPlaces, Missing, MissingKind, NoFrames, PlaceBox, Places, Wanted};
pub use self::placing::Anchor;
pub use self::scene::{OutputSize, PagePart, Rect, Scene};
pub use self::side_by_side::{SideBySide, SideHead};
pub use self::state::State;

/// Everything that is drawn over and around the page in one clip.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// The whole stage.
    stage: Viewport,
    layout: Layout,
    theme: Theme,
    accent: Option<Accent>,
    /// Recording time of the page that decides on the theme, as long as nothing else does.
    undecided_at: Option<f64>,
    metrics: Metrics,
    atlas: Atlas,
    map: TimeMap,
    pages: Pages,
    camera: Camera,
    pointer: Pointer,
    look: PointerLook,
    errors: Option<ErrorCards>,
    titles: Option<Titles>,
    missing: Option<MissingLabels>,
    notes: Notes,
    lane: Option<Lane>,
    bar: Option<Bar>,
}

impl Overlay {
    /// Plans the overlays of `clip`, which was made from `tab`, on a page captured as `scene` says.
    pub fn new(
        tab: &Tab,
        telemetry: &Telemetry,
        clip: &Clip,
        scene: &Scene,
        options: &OverlayOptions,
    ) -> Overlay {
        let theme = Theme::new(options);
        let metrics = Metrics::for_width(scene.page_size().0);
        let mut atlas = Atlas::default();
        let mut story = Story::new(tab, telemetry, clip, &options.captions);
        if options.shows(Part::Errors) {
            story = story.without_what_cards_tell();
        }
        let lane = Lane::new(&story, scene.page_size().0, options, &metrics, &mut atlas);
        let lane_height = lane.as_ref().map_or(0, |lane| lane.height(&metrics));
        let bar_height = if options.shows(Part::Bar) {
            metrics.bar_height
        } else {
            0
        };
        let layout = Layout::new(scene, lane_height, bar_height);
        let pages = Pages::new(tab, clip);
        let bar = options
            .shows(Part::Bar)
            .then(|| Bar::new(clip, &pages, &story, &layout, options, &metrics, &mut atlas));
        // Pages may begin empty, so it is not the first of them that decides.
        let tells_most = story.errors.first().map(|error| error.recording);
        let middle = clip.map.recording_at(clip.map.play_length() / 2.0);
        let is_drawn = Part::ALL.into_iter().any(|part| options.shows(part));
        let undecided = options.theme == ThemeChoice::Auto && is_drawn;
        Overlay {
            accent: options.accent,
            undecided_at: undecided.then_some(tells_most.unwrap_or(middle)),
            look: PointerLook::new(options, &metrics, &theme, &mut atlas),
            pointer: Pointer::new(tab, clip),
            camera: Camera::new(scene, &story, &clip.map),
            errors: ErrorCards::new(&story, clip, &layout, options, &metrics, &mut atlas),
            titles: Titles::new(clip, &story, &layout, options, &metrics, &mut atlas),
            missing: MissingLabels::new(options, &mut atlas),
            notes: Notes::new(&story, &layout, options, &metrics, &mut atlas),
            map: clip.map.clone(),
            stage: Viewport {
                width: scene.width.into(),
                height: scene.height.into(),
            },
            layout,
            theme,
            metrics,
            atlas,
            pages,
            lane,
            bar,
        }
    }

    /// Width and height of a frame in output pixels: the page and the bar below it. Even numbers when
    /// there is a bar; without, the size of the page's picture.
    pub fn size(&self) -> (u32, u32) {
        self.layout.size()
    }

    /// Recording time of the page whose looks decide on the overlay's colours; `None` when these are known.
    pub fn undecided_at(&self) -> Option<f64> {
        self.undecided_at
    }

    /// Takes the colours of a theme. What was [loaded](Overlay::load) keeps its own.
    pub fn decide(&mut self, theme: ThemeChoice) {
        self.theme = Theme::of(theme, self.accent);
        self.undecided_at = None;
    }

    /// Whether [`Places::missing`] is looked at.
    pub fn labels_missing(&self) -> bool {
        self.missing.is_some()
    }

    /// What the stage has to draw before anything can be composed: HTML for
    /// [`Stage::draw_sheet`](crate::stage::Stage::draw_sheet), which is to be open at the scene's
    /// size and scale.
    pub fn sheets(&self) -> Vec<String> {
        let width = self.layout.page.width;
        self.atlas.sheets(&self.theme, &self.metrics, width)
    }

    /// Takes the pictures of all [sheets](Overlay::sheets), in their order. What is not on them is
    /// not drawn.
    pub fn load(&mut self, pictures: &[SheetPicture]) {
        self.atlas.load(pictures);
    }

    /// The nodes whose places [`Overlay::state_at`] will ask for: ascending, each once.
    pub fn wanted_at(&self, clip_ms: f64) -> Vec<Wanted> {
        let mut wanted = self.elements_at(clip_ms);
        wanted.extend(self.camera.wanted_at(clip_ms));
        if self.look.is_seen() {
            wanted.extend(self.pointer.targets_at(clip_ms));
        }
        sort(&mut wanted);
        wanted
    }

    /// Those of the [wanted](Overlay::wanted_at) nodes whose own boxes matter, not only where their
    /// documents are: few, and only while something is told of them.
    pub fn elements_at(&self, clip_ms: f64) -> Vec<Wanted> {
        let mut elements: Vec<Wanted> = self.notes.wanted_at(clip_ms).collect();
        elements.extend(self.camera.elements_at(clip_ms));
        elements.extend(self.errors.iter().flat_map(|errors| errors.wanted_at(clip_ms)));
        sort(&mut elements);
        elements
    }

    /// What is drawn at a clip time. The sheets must be [loaded](Overlay::load).
    pub fn state_at(&self, clip_ms: f64, places: &dyn Places) -> State {
        self.state_after(None, clip_ms, places)
    }

    /// What is drawn at a clip time, after `before` was: cards that need not move stay where they are.
    pub fn state_after(&self, before: Option<&State>, clip_ms: f64, places: &dyn Places) -> State {
        let (view, seen) = self.view_at(clip_ms, places, before.and_then(|before| before.seen));
        let scenery = Scenery {
            clip_ms,
            view,
            free: view.rect,
            places,
            pointer: &self.pointer,
            atlas: &self.atlas,
            theme: &self.theme,
            metrics: &self.metrics,
        };
        let mut marks = Vec::new();
        let mut stack = before.and_then(|before| before.stack);
        let mut room = None;
        let covered = self.titles.as_ref().is_some_and(|titles| {
            titles.draw(clip_ms, self.layout.page, &self.theme, &self.atlas, &mut marks)
        });
        let mut view = scenery.view;
        if !covered {
            let place = self.layout.page;
            let mut free = scenery.free;
            let there = before.and_then(|before| before.room);
            let wanted = self
                .errors
                .as_ref()
                .and_then(|errors| errors.strip(&scenery, place, stack, there.is_some()));
            room = Room::next(there, wanted, clip_ms, before.is_none());
            if let Some(room) = &room {
                view = room.view(view, place, clip_ms);
                free = room.strip.rest(place);
            }
            let beside = wanted.and(room).map(|room| (room.strip, place));
            self.draw_page(
                &Scenery {
                    view,
                    free,
                    ..scenery
                },
                beside,
                &mut stack,
                &mut marks,
            );
        }
        // Above the pointer, which may hang over the page's edge.
        if let Some(lane) = &self.lane {
            lane.draw(
                clip_ms,
                self.layout.lane,
                &self.theme,
                &self.metrics,
                &self.atlas,
                &mut marks,
            );
        }
        if let Some(bar) = &self.bar {
            let missing = places.missing().len();
            bar.draw(clip_ms, missing, &self.theme, &self.atlas, &mut marks);
        }
        State {
            view: view.rect,
            source: view.source,
            marks,
            stack,
            room,
            seen: Some(seen),
        }
    }

    /// Draws what is over the page; `stack` is where the cards of errors were, and becomes where they are:
    /// in a strip of the page's place, if they have one.
    fn draw_page(
        &self,
        scenery: &Scenery<'_>,
        strip: Option<(Strip, Rect)>,
        stack: &mut Option<Stack>,
        marks: &mut Vec<Mark>,
    ) {
        if let Some(missing) = &self.missing {
            missing.draw(scenery, marks);
        }
        let taken = match &self.errors {
            Some(errors) => errors.draw(scenery, strip, stack, marks),
            None => Vec::new(),
        };
        self.notes.draw(scenery, taken, marks);
        if self.look.is_seen() {
            let to_page = &mut |wanted: Wanted, x, y| scenery.places.to_page(wanted.node, (x, y));
            let state = self.pointer.at(scenery.clip_ms, to_page);
            self.look.draw(&state, &scenery.view, marks);
        }
    }

    /// The first clip time from `clip_ms` on at which the state may be another than at `clip_ms`, as
    /// long as nothing on the page moves: `clip_ms` itself while something of the overlay does;
    /// `None` when nothing changes until the end.
    pub fn next_change(&self, clip_ms: f64) -> Option<f64> {
        let pointer = self
            .look
            .is_seen()
            .then(|| self.pointer.next_change(clip_ms))
            .flatten();
        let errors = self
            .errors
            .as_ref()
            .and_then(|errors| errors.next_change(clip_ms));
        let lane = self.lane.as_ref().and_then(|lane| lane.next_change(clip_ms));
        let bar = self.bar.as_ref().and_then(|bar| bar.next_change(clip_ms));
        let view = self
            .pages
            .viewports
            .next_change(self.map.picture_at(clip_ms))
            .map(|recording| self.map.clip_at(recording));
        let titles = self
            .titles
            .as_ref()
            .and_then(|titles| titles.next_change(clip_ms));
        let notes = self.notes.next_change(clip_ms);
        let camera = self.camera.next_change(clip_ms);
        let changes = [pointer, errors, notes, titles, lane, bar, view, camera];
        changes.into_iter().flatten().min_by(f64::total_cmp)
    }

    /// The frame: what a state shows of the stage's picture, which has the scene's
    /// [captured size](Scene::captured_size), with all that is drawn over and around it. Opaque.
    pub fn compose(&self, page: &Pixmap, state: &State) -> Pixmap {
        self.compose_in(Vec::new(), page, state)
    }

    /// As [`Overlay::compose`], into the memory of a frame that is no longer needed.
    pub fn compose_in(&self, memory: Vec<u8>, page: &Pixmap, state: &State) -> Pixmap {
        state::compose(memory, page, state, (&self.layout, &self.theme, &self.atlas))
    }

    fn view_at(&self, clip_ms: f64, places: &dyn Places, seen: Option<Seen>) -> (View, Seen) {
        let viewport = self.pages.viewports.at(self.map.picture_at(clip_ms));
        let viewport = viewport.copied().unwrap_or(self.stage);
        let (aim, seen) = self.camera.aim_at(clip_ms, viewport, &self.layout, places, seen);
        (self.layout.view(viewport, aim), seen)
    }
}

/// Each node once: of several times, the last.
fn sort(wanted: &mut Vec<Wanted>) {
    wanted.sort_by(|one, other| one.node.cmp(&other.node).then(other.since.total_cmp(&one.since)));
    wanted.dedup_by_key(|wanted| wanted.node);
}

#[cfg(test)]
mod tests;
