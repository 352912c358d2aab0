use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::clip::{ClipOptions, Seconds};
use crate::recording::{
    ErrorReport, Event, EventData, EventKind, FullSnapshot, Interaction, InteractionKind, Meta, NodeTree,
    Origin, Payload, PointerKind, PointerPath, PointerSample, Signal, SignalKind,
};
use crate::stage::SpriteBox;

const START: f64 = 1_773_151_320_000.0;

fn event(at: f64, kind: EventKind, data: EventData) -> Event {
    Event {
        time: START + at,
        index: 0,
        kind,
        payload: Payload::Decoded(Arc::new(data)),
    }
}

fn page(at: f64, href: &str, width: f64, height: f64) -> [Event; 2] {
    let meta = Meta {
        href: href.into(),
        width,
        height,
    };
    let snapshot = FullSnapshot {
        tree: NodeTree::default(),
        scroll: (0.0, 0.0),
    };
    [
        event(at, EventKind::Meta, EventData::Meta(meta)),
        event(at, EventKind::FullSnapshot, EventData::FullSnapshot(snapshot)),
    ]
}

fn moved(at: f64, x: f64, y: f64) -> Event {
    let sample = PointerSample {
        x,
        y,
        target: 1,
        offset: 0.0,
    };
    let path = PointerPath {
        kind: PointerKind::Mouse,
        samples: vec![sample],
    };
    event(at, EventKind::PointerMove, EventData::PointerMove(path))
}

fn pressed(at: f64, kind: InteractionKind, position: (f64, f64), touch: bool) -> Event {
    let interaction = Interaction {
        kind,
        target: 1,
        position: Some(position),
        touch,
    };
    event(at, EventKind::Interaction, EventData::Interaction(interaction))
}

/// A session with everything in it: moves, a click, a long pause, another page of another size, a touch.
fn session() -> Tab {
    use InteractionKind::*;
    let mut events = Vec::new();
    events.extend(page(0.0, "https://shop.example/checkout", 800.0, 600.0));
    events.push(moved(400.0, 10.0, 10.0));
    events.push(moved(450.0, 60.0, 40.0));
    events.push(moved(500.0, 100.0, 100.0));
    events.extend([MouseDown, MouseUp, Click].map(|kind| pressed(700.0, kind, (100.0, 100.0), false)));
    events.push(moved(20_000.0, 300.0, 100.0));
    events.extend(page(21_000.0, "https://shop.example/done", 400.0, 600.0));
    events.push(pressed(22_000.0, TouchStart, (50.0, 50.0), true));
    events.push(pressed(22_300.0, TouchEnd, (50.0, 80.0), true));
    events.push(moved(24_500.0, 20.0, 20.0));
    Tab {
        id: String::new(),
        events,
        ..Tab::default()
    }
}

fn clip(tab: &Tab) -> Clip {
    let options = ClipOptions {
        hold: Seconds::from_milliseconds(1000.0),
        ..ClipOptions::default()
    };
    Clip::new(tab, &options).expect("there is something to show")
}

fn overlay(tab: &Tab, options: &OverlayOptions) -> Overlay {
    let clip = clip(tab);
    let size = OutputSize {
        width: Some(400),
        scale: None,
    };
    let scene = Scene::new(tab, &clip, size);
    let mut overlay = Overlay::new(tab, &Telemetry::default(), &clip, &scene, options);
    overlay.load(&[drawn(&overlay.sheets())]);
    overlay
}

/// A sheet on which every piece is 8 by 8 pixels of one colour.
fn drawn(sheets: &[String]) -> SheetPicture {
    drawn_at(sheets, 8, 8)
}

/// A sheet on which every piece is of that size.
fn drawn_at(sheets: &[String], width: u32, height: u32) -> SheetPicture {
    let pieces = sheets
        .iter()
        .map(|sheet| sheet.matches("data-sprite=").count())
        .sum();
    let picture = Pixmap {
        width,
        height,
        data: [200, 100, 50, 255].repeat(width as usize * height as usize),
    };
    let sprite = |id: usize| SpriteBox {
        name: id.to_string(),
        x: 0.0,
        y: 0.0,
        width: width.into(),
        height: height.into(),
    };
    SheetPicture {
        on_black: picture.clone(),
        on_white: picture,
        sprites: (0..pieces).map(sprite).collect(),
    }
}

fn level(level: Level) -> OverlayOptions {
    OverlayOptions {
        level,
        ..OverlayOptions::default()
    }
}

#[test]
fn without_overlays_the_frame_is_the_page() {
    let overlay = overlay(&session(), &level(Level::None));
    assert_eq!(overlay.size(), (400, 300));
    assert!(overlay.sheets().is_empty());
    let page = Pixmap {
        width: 400,
        height: 300,
        data: [1, 2, 3, 255].repeat(400 * 300),
    };
    let state = overlay.state_at(700.0, &NoFrames);
    assert!(overlay.compose(&page, &state) == page);
}

#[test]
fn the_bar_is_below_the_page_and_never_on_it() {
    let mut options = level(Level::None);
    options.show = vec![Part::Bar];
    let overlay = overlay(&session(), &options);
    let (width, height) = overlay.size();
    assert!(
        width == 400 && height > 300 && height % 2 == 0,
        "{width} by {height}"
    );
    let page = Pixmap {
        width: 400,
        height: 300,
        data: [1, 2, 3, 255].repeat(400 * 300),
    };
    let frame = overlay.compose(&page, &overlay.state_at(700.0, &NoFrames));
    assert!(frame.data[..page.data.len()] == page.data);
    assert_eq!(frame.data.len(), (width * height * 4) as usize);
    assert!(frame.data.chunks_exact(4).all(|pixel| pixel[3] == 255));
}

#[test]
fn a_page_without_an_address_leaves_no_room_for_one() {
    let mut options = level(Level::None);
    options.show = vec![Part::Bar, Part::Reconstruction];
    let first = |href: &str| {
        let mut tab = session();
        tab.events.splice(..2, page(0.0, href, 1200.0, 300.0));
        let clip = clip(&tab);
        let scene = Scene::new(&tab, &clip, OutputSize::default());
        let mut overlay = Overlay::new(&tab, &Telemetry::default(), &clip, &scene, &options);
        overlay.load(&[drawn(&overlay.sheets())]);
        let state = overlay.state_at(0.0, &NoFrames);
        let sprites = state.marks.iter().filter_map(|mark| match mark {
            Mark::Sprite(_, (x, _)) => Some(*x),
            _ => None,
        });
        let margin = overlay.metrics.margin.cast_signed();
        let left: Vec<i32> = sprites.filter(|x| *x < 600).collect();
        (left.len(), left.iter().min() == Some(&margin))
    };
    assert_eq!(first("https://shop.example/"), (2, true));
    assert_eq!(first(""), (1, true));
}

#[test]
fn a_smaller_viewport_is_shown_in_the_middle() {
    let tab = session();
    let overlay = overlay(&tab, &level(Level::Minimal));
    let end = clip(&tab).map.length() as f64;
    let state = overlay.state_at(end, &NoFrames);
    assert_eq!(
        (state.view.x, state.view.width, state.view.height),
        (100, 200, 300)
    );
    let page = Pixmap {
        width: 400,
        height: 300,
        data: [1, 2, 3, 255].repeat(400 * 300),
    };
    let frame = overlay.compose(&page, &state);
    assert_ne!(frame.data[..4], [1, 2, 3, 255]);
    assert_eq!(frame.data[150 * 4..151 * 4], [1, 2, 3, 255]);
}

#[test]
fn nothing_is_drawn_outside_of_a_picture_of_another_size() {
    let overlay = overlay(&session(), &OverlayOptions::default());
    for (width, height) in [(1, 1), (399, 299), (401, 700), (0, 0)] {
        let page = Pixmap {
            width,
            height,
            data: [9, 9, 9, 255].repeat((width * height) as usize),
        };
        let state = overlay.state_at(0.0, &NoFrames);
        let frame = overlay.compose(&page, &state);
        // Nor is anything left of what was in its memory.
        assert!(overlay.compose_in(vec![7; 1_000_000], &page, &state) == frame);
        assert_eq!((frame.width, frame.height), overlay.size());
        assert!(frame.data.chunks_exact(4).all(|pixel| pixel[3] == 255));
    }
}

#[test]
fn folded_time_has_a_chip_while_it_passes() {
    let tab = session();
    let overlay = overlay(&tab, &OverlayOptions::default());
    let sheet = overlay.sheets().concat();
    assert!(sheet.contains("</svg>18 s idle"), "{sheet}");
    let clip = clip(&tab);
    let fold = clip.map.segments().get(1).expect("a fold").clip.clone();
    let marks = |time| overlay.state_at(time, &NoFrames).marks.len();
    assert!(marks(fold.start + 1.0) > marks(fold.start - 1.0));
    assert!(marks(fold.end - 1.0) > marks(fold.end + 1.0));
}

#[test]
fn positions_in_frames_are_led_to_the_page() {
    let overlay = overlay(&session(), &level(Level::Minimal));
    let nodes = |wanted: Vec<Wanted>| wanted.iter().map(|wanted| wanted.node).collect::<Vec<_>>();
    assert_eq!(nodes(overlay.wanted_at(900.0)), [1]);
    let mut places = KnownPlaces::default();
    places.insert(
        1,
        KnownPlace {
            document: (30.0, 10.0),
            scale: 0.5,
            element: None,
        },
    );
    let arrow = |state: &State| match state.marks.last() {
        Some(state::Mark::Sprite(_, spot)) => *spot,
        other => panic!("the pointer is drawn last, not {other:?}"),
    };
    let plain = arrow(&overlay.state_at(650.0, &NoFrames));
    let framed = arrow(&overlay.state_at(650.0, &places));
    // (100, 100) at half the size: (50, 50); in the frame (80, 60): (40, 30).
    assert_eq!((plain.0 - framed.0, plain.1 - framed.1), (10, 20));
}

#[test]
fn addresses_are_text_and_hold_no_password() {
    let mut tab = Tab::default();
    tab.events.extend(page(
        0.0,
        "https://me:secret@shop.example/<script>alert(1)</script>",
        800.0,
        600.0,
    ));
    tab.events.push(moved(900.0, 1.0, 1.0));
    let sheet = overlay(&tab, &OverlayOptions::default()).sheets().concat();
    assert!(!sheet.contains("<script") && !sheet.contains("secret"), "{sheet}");
    assert!(sheet.contains("&lt;script"));
}

#[test]
fn a_still_session_has_few_overlay_frames() {
    let mut tab = Tab::default();
    tab.events
        .extend(page(0.0, "https://shop.example/", 800.0, 600.0));
    tab.events.push(event(9000.0, EventKind::Load, EventData::Load));
    let overlay = {
        let clip = Clip::new(
            &tab,
            &ClipOptions {
                idle: crate::clip::Idle::Keep,
                ..ClipOptions::default()
            },
        )
        .expect("there is something to show");
        let scene = Scene::new(&tab, &clip, OutputSize::default());
        Overlay::new(
            &tab,
            &Telemetry::default(),
            &clip,
            &scene,
            &OverlayOptions::default(),
        )
    };
    let mut changes = 0;
    let mut time = 0.0;
    while let Some(next) = overlay.next_change(time) {
        assert!(next > time, "still at {time}");
        (time, changes) = (next, changes + 1);
    }
    assert_eq!(changes, 36, "four a second");
}

/// An error at the end of the session, after a click.
fn failing() -> (Tab, Telemetry) {
    let mut tab = Tab::default();
    tab.events
        .extend(page(0.0, "https://shop.example/", 800.0, 600.0));
    tab.events
        .push(pressed(1500.0, InteractionKind::Click, (400.0, 300.0), false));
    tab.events.push(moved(2000.0, 410.0, 300.0));
    let report = ErrorReport {
        message: "x is undefined".into(),
        error_type: Some("TypeError".into()),
        ..ErrorReport::default()
    };
    let error = Signal {
        time: START + 1900.0,
        tab: None,
        id: None,
        origin: Origin::Recorded,
        kind: SignalKind::Error(report),
    };
    let telemetry = Telemetry {
        signals: vec![error],
        ..Telemetry::default()
    };
    (tab, telemetry)
}

#[test]
fn an_error_at_the_end_can_be_read_before_the_clip_is_over() {
    let (tab, telemetry) = failing();
    let plain = clip(&tab);
    let options = OverlayOptions::default();
    let held = with_time_to_read(plain.clone(), &tab, &telemetry, &options);
    assert!(held.map.length() >= 1900 + 4000, "{}", held.map.length());
    assert_eq!(held.map.play_length(), plain.map.play_length());
    assert_eq!(
        with_time_to_read(plain.clone(), &tab, &telemetry, &level(Level::Minimal)),
        plain
    );
}

#[test]
fn cards_before_and_after_a_clip_cover_the_page_and_not_the_bar() {
    let (tab, telemetry) = failing();
    let options = OverlayOptions {
        title: Some("Checkout <fails>".into()),
        ..OverlayOptions::default()
    };
    let clip = with_time_to_read(clip(&tab), &tab, &telemetry, &options);
    let scene = Scene::new(&tab, &clip, OutputSize::default());
    let mut overlay = Overlay::new(&tab, &telemetry, &clip, &scene, &options);
    let sheet = overlay.sheets().concat();
    assert!(sheet.contains("Checkout &lt;fails&gt;"));
    overlay.load(&[drawn(&[sheet])]);
    let page = Pixmap {
        width: 800,
        height: 600,
        data: [1, 2, 3, 255].repeat(800 * 600),
    };
    let seen = |clip_ms: f64| {
        let frame = overlay.compose(&page, &overlay.state_at(clip_ms, &NoFrames));
        frame
            .data
            .chunks_exact(4)
            .filter(|pixel| *pixel == [1, 2, 3, 255])
            .count()
            > 100_000
    };
    let length = clip.map.length() as f64;
    assert!(!seen(0.0) && !seen(2400.0) && seen(2600.0));
    assert!(seen(length - 4100.0) && !seen(length - 3900.0));
}

#[test]
fn the_target_of_the_click_is_outlined_where_it_is() {
    let (tab, telemetry) = failing();
    let clip = clip(&tab);
    let scene = Scene::new(&tab, &clip, OutputSize::default());
    let mut overlay = Overlay::new(&tab, &telemetry, &clip, &scene, &OverlayOptions::default());
    overlay.load(&[drawn(&overlay.sheets())]);
    let wanted = Wanted {
        node: 1,
        since: START + 1500.0,
    };
    assert_eq!(overlay.elements_at(1950.0), [wanted]);
    assert!(overlay.elements_at(100.0).is_empty());
    let mut places = KnownPlaces::default();
    places.set_element(
        1,
        PlaceBox {
            x: 300.0,
            y: 250.0,
            width: 200.0,
            height: 100.0,
        },
    );
    let outline = |state: &State| {
        state.marks.iter().find_map(|mark| match mark {
            Mark::Line { points, .. } if points.len() == 5 => points.first().copied(),
            _ => None,
        })
    };
    assert_eq!(outline(&overlay.state_at(1950.0, &places)), Some((297.0, 247.0)));
    assert_eq!(outline(&overlay.state_at(1950.0, &NoFrames)), None);
}

#[test]
fn a_page_is_shown_smaller_where_a_card_would_hide_what_it_speaks_of() {
    let (tab, telemetry) = failing();
    let options = OverlayOptions::default();
    let clip = with_time_to_read(clip(&tab), &tab, &telemetry, &options);
    let scene = Scene::new(&tab, &clip, OutputSize::default());
    let mut overlay = Overlay::new(&tab, &telemetry, &clip, &scene, &options);
    overlay.load(&[drawn_at(&overlay.sheets(), 700, 150)]);
    let target = |y: f64, height: f64| {
        let mut places = KnownPlaces::default();
        let place = PlaceBox {
            x: 300.0,
            y,
            width: 100.0,
            height,
        };
        places.set_element(1, place);
        places
    };
    // There is room below it.
    let free = overlay.state_at(1950.0, &target(200.0, 60.0));
    assert_eq!((free.view.height, free.room), (600, None));
    // There is none anywhere.
    let places = target(100.0, 350.0);
    let still = overlay.state_at(1950.0, &places);
    let (view, page) = (still.view, overlay.layout.page);
    assert!((330..480).contains(&view.height), "{view:?}");
    assert!(view.width * 600 / 800 <= view.height + 1, "{view:?}");
    let strip = still.room.unwrap().strip.place(page);
    assert!(
        view.y >= strip.bottom() || view.bottom() <= strip.y,
        "{view:?} {strip:?}"
    );
    let pixels = Pixmap {
        width: 800,
        height: 600,
        data: [1, 2, 3, 255].repeat(800 * 600),
    };
    assert_eq!(
        overlay.compose(&pixels, &still).data.len(),
        4 * 800 * overlay.size().1 as usize
    );
    // It gives way by and by, and stays so as long as the card.
    let before = overlay.state_after(Some(&free), 1899.0, &places);
    let begins = overlay.state_after(Some(&before), 1900.0, &places);
    let halfway = overlay.state_after(Some(&begins), 2050.0, &places);
    let there = overlay.state_after(Some(&halfway), 2300.0, &places);
    let heights = [&before, &begins, &halfway, &there].map(|state| state.view.height);
    assert_eq!((heights[0], heights[1], heights[3]), (600, 600, view.height));
    assert!(heights[2] < 600 && heights[2] > view.height, "{heights:?}");
    let later = overlay.state_after(Some(&there), 3000.0, &target(200.0, 60.0));
    assert_eq!(later.view, there.view);
}

#[test]
fn what_is_missing_is_labelled_where_it_is_seen() {
    let overlay = overlay(&session(), &OverlayOptions::default());
    let missing = |x: f64| Missing {
        place: PlaceBox {
            x,
            y: 100.0,
            width: 200.0,
            height: 300.0,
        },
        kind: MissingKind::Canvas,
    };
    let lines = |missing: Vec<Missing>| {
        let mut places = KnownPlaces::default();
        places.set_missing(missing);
        let marks = overlay.state_at(100.0, &places).marks;
        marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Line { .. }))
            .count()
    };
    let plain = lines(Vec::new());
    assert_eq!(lines(vec![missing(5000.0), missing(f64::NAN)]), plain);
    assert!(lines(vec![missing(100.0)]) > plain);
}

proptest! {
    /// What `next_change` promises: until then, nothing is different.
    #[test]
    fn states_are_equal_until_the_next_change(from in 0.0..9000.0f64, share in 0.0..1.0f64) {
        let tab = session();
        let overlay = overlay(&tab, &OverlayOptions::default());
        let end = clip(&tab).map.length() as f64;
        let from = from.min(end);
        let next = overlay.next_change(from).unwrap_or(end).max(from);
        let between = from + (next - from) * share * 0.999;
        prop_assert_eq!(overlay.state_at(from, &NoFrames), overlay.state_at(between, &NoFrames));
    }
}
