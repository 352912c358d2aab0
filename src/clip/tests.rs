use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::recording::{Event, EventData, FullSnapshot, Payload, PointerKind, PointerPath, PointerSample};

/// An arbitrary time of day on which sessions start.
const START: f64 = 1_795_441_025_000.0;

fn event(kind: EventKind, at: f64) -> Event {
    let data = match kind {
        EventKind::PointerMove => EventData::PointerMove(PointerPath {
            kind: PointerKind::Mouse,
            samples: vec![PointerSample {
                x: 1.0,
                y: 1.0,
                target: 1,
                offset: -200.0,
            }],
        }),
        EventKind::FullSnapshot => EventData::FullSnapshot(FullSnapshot {
            tree: crate::recording::NodeTree::default(),
            scroll: (0.0, 0.0),
        }),
        _ => EventData::Ignored,
    };
    Event {
        time: START + at,
        index: 0,
        kind,
        payload: Payload::Decoded(Arc::new(data)),
    }
}

fn tab(events: &[(EventKind, f64)]) -> Tab {
    Tab {
        id: String::new(),
        events: events.iter().map(|(kind, at)| event(*kind, *at)).collect(),
        ..Tab::default()
    }
}

/// A full snapshot at 0 and mutations at the given times.
fn mutations(times: &[f64]) -> Tab {
    let mut events = vec![(EventKind::FullSnapshot, 0.0)];
    events.extend(times.iter().map(|at| (EventKind::Mutation, *at)));
    tab(&events)
}

fn clip(tab: &Tab, options: &ClipOptions) -> Clip {
    Clip::new(tab, options).unwrap()
}

/// All frames of a page that never animates and has no overlay.
fn ticks(tab: &Tab, clip: &Clip) -> Vec<Tick> {
    let plan = Plan::new(tab, clip);
    let mut ticks = vec![plan.first()];
    while let Some(next) = plan.after(ticks.last().unwrap(), false, None) {
        ticks.push(next);
    }
    ticks
}

fn at(seconds: f64) -> Option<TimePoint> {
    Some(TimePoint::since_start(seconds * 1000.0))
}

#[test]
fn a_clip_begins_with_the_first_full_snapshot() {
    let tab = tab(&[
        (EventKind::Meta, 0.0),
        (EventKind::FullSnapshot, 700.0),
        (EventKind::Mutation, 1000.0),
    ]);
    let clip = clip(&tab, &ClipOptions::default());
    assert_eq!(clip.since_origin(clip.map.start()), 700.0);
    assert_eq!(clip.since_origin(clip.map.end()), 1000.0);
    assert_eq!(clip.map.play_length(), 300.0);
}

#[test]
fn a_range_is_cut_out() {
    let tab = mutations(&[1000.0, 2000.0, 3000.0, 4000.0]);
    let options = ClipOptions {
        from: at(1.5),
        to: at(3.5),
        ..ClipOptions::default()
    };
    let clip = clip(&tab, &options);
    assert_eq!(clip.since_origin(clip.map.start()), 1500.0);
    assert_eq!(clip.since_origin(clip.map.end()), 3500.0);
    let times: Vec<u64> = ticks(&tab, &clip).iter().map(|tick| tick.clip_ms).collect();
    assert_eq!(times, [0, 500, 1500]);
}

#[test]
fn ranges_that_show_nothing_are_refused() {
    let tab = tab(&[
        (EventKind::Meta, 0.0),
        (EventKind::FullSnapshot, 5000.0),
        (EventKind::Mutation, 9000.0),
    ]);
    let refusal = |from, to| {
        let options = ClipOptions {
            from,
            to,
            ..ClipOptions::default()
        };
        Clip::new(&tab, &options).unwrap_err()
    };
    assert!(matches!(refusal(at(10.0), None), ClipError::FromAfterEnd { .. }));
    assert!(matches!(refusal(at(8.0), at(7.0)), ClipError::Backwards { .. }));
    assert!(matches!(refusal(None, at(2.0)), ClipError::BeforePicture { .. }));
    let before = Some("2020-01-01T00:00:00Z".parse().unwrap());
    let message = refusal(None, before).to_string();
    assert!(
        message.contains("2020-01-01") && message.contains("2026-11-23 13:37:05 UTC to"),
        "{message}"
    );
    assert_eq!(
        Clip::new(
            &mutations(&[]),
            &ClipOptions {
                fps: 0,
                ..ClipOptions::default()
            }
        )
        .unwrap_err()
        .to_string(),
        "0 frames a second cannot be made: choose --fps from 1 to 120"
    );
    assert_eq!(
        Clip::new(
            &super::tests::tab(&[(EventKind::Meta, 0.0)]),
            &ClipOptions::default()
        ),
        Err(ClipError::NoPicture)
    );
}

#[test]
fn a_range_that_ends_after_the_session_ends_with_it() {
    let tab = mutations(&[1000.0]);
    let options = ClipOptions {
        to: at(90.0),
        ..ClipOptions::default()
    };
    assert_eq!(clip(&tab, &options).map.play_length(), 1000.0);
}

#[test]
fn a_session_of_one_moment_is_one_held_frame() {
    let tab = mutations(&[]);
    let shown = clip(&tab, &ClipOptions::default());
    assert_eq!(shown.map.length(), 2000);
    let plan = Plan::new(&tab, &shown);
    assert_eq!(plan.after(&plan.first(), true, Some(500.0)), None);
    assert_eq!(plan.shown_for(&plan.first(), None), 2000);

    let unheld = ClipOptions {
        hold: Seconds::from_milliseconds(0.0),
        ..ClipOptions::default()
    };
    assert_eq!(
        clip(&tab, &unheld).map.length(),
        83,
        "not even then a frame of no length"
    );
}

#[test]
fn idle_time_is_folded_with_some_of_it_left_at_both_ends() {
    let tab = mutations(&[1000.0, 21_000.0, 22_000.0]);
    let clip = clip(&tab, &ClipOptions::default());
    let kinds: Vec<SegmentKind> = clip.map.segments().iter().map(|segment| segment.kind).collect();
    let skipped_ms = 20_000.0 - 500.0 - 300.0;
    assert_eq!(
        kinds,
        [
            SegmentKind::Play,
            SegmentKind::Fold { skipped_ms },
            SegmentKind::Play,
            SegmentKind::Hold
        ]
    );
    let fold = &clip.map.segments()[1];
    assert_eq!(fold.clip, 1500.0..2500.0);
    assert_eq!(
        clip.map.picture_at(2400.0),
        fold.recording.start,
        "the page stands still"
    );
    assert!(
        clip.map.recording_at(2400.0) > START + 18_000.0,
        "the clock does not"
    );
    assert_eq!(clip.map.play_length(), 2500.0 + 1300.0);
}

#[test]
fn only_user_and_dom_keep_time_from_being_folded() {
    for kind in [EventKind::Plugin, EventKind::Custom, EventKind::Annotation] {
        let mut events = vec![(EventKind::FullSnapshot, 0.0)];
        events.extend((1..20).map(|second| (kind, f64::from(second) * 1000.0)));
        let clip = clip(&tab(&events), &ClipOptions::default());
        assert_eq!(clip.map.segments().len(), 3, "{kind:?} is noise");
    }
    for kind in [
        EventKind::PointerMove,
        EventKind::Scroll,
        EventKind::Input,
        EventKind::Mutation,
    ] {
        let mut events = vec![(EventKind::FullSnapshot, 0.0)];
        events.extend((1..20).map(|second| (kind, f64::from(second) * 1000.0)));
        let clip = clip(&tab(&events), &ClipOptions::default());
        assert_eq!(clip.map.segments().len(), 2, "{kind:?} is activity");
    }
}

#[test]
fn idle_time_can_be_kept() {
    let tab = mutations(&[100_000.0]);
    let options = ClipOptions {
        idle: Idle::Keep,
        ..ClipOptions::default()
    };
    assert_eq!(clip(&tab, &options).map.play_length(), 100_000.0);
}

#[test]
fn a_jump_of_the_clock_is_a_fold() {
    let tab = mutations(&[1000.0, 150.0 * 3_600_000.0]);
    let jump = clip(&tab, &ClipOptions::default());
    assert!(jump.map.length() < 6000, "{}", jump.map.length());
}

#[test]
fn a_clip_that_would_be_endless_is_refused() {
    let tab = mutations(&[150.0 * 3_600_000.0]);
    let options = ClipOptions {
        idle: Idle::Keep,
        ..ClipOptions::default()
    };
    let message = Clip::new(&tab, &options).unwrap_err().to_string();
    assert!(
        message.contains("150:00:00 long, more than 1:00:00") && message.contains("--speed"),
        "{message}"
    );
}

#[test]
fn frames_begin_where_the_page_can_change() {
    let tab = mutations(&[90.0, 100.0, 110.0, 1000.0]);
    let shown = clip(&tab, &ClipOptions::default());
    let ticks = ticks(&tab, &shown);
    let times: Vec<u64> = ticks.iter().map(|tick| tick.clip_ms).collect();
    assert_eq!(
        times,
        [0, 167, 1000],
        "three events within one tick are one frame"
    );
    assert!(ticks.iter().all(|tick| tick.page_events));
}

#[test]
fn the_pointer_can_change_what_it_hovers_at_every_sample() {
    let tab = tab(&[
        (EventKind::FullSnapshot, 0.0),
        (EventKind::PointerMove, 900.0),
        (EventKind::Mutation, 1000.0),
    ]);
    let shown = clip(&tab, &ClipOptions::default());
    let times: Vec<u64> = ticks(&tab, &shown).iter().map(|tick| tick.clip_ms).collect();
    assert_eq!(times, [0, 750, 917, 1000]);
}

#[test]
fn overlays_and_animations_ask_for_frames_of_their_own() {
    let tab = mutations(&[1000.0]);
    let shown = clip(&tab, &ClipOptions::default());
    let plan = Plan::new(&tab, &shown);
    let first = plan.first();
    let animated = plan.after(&first, true, None).unwrap();
    assert_eq!((animated.clip_ms, animated.page_events), (83, false));
    let drawn_over = plan.after(&first, false, Some(400.0)).unwrap();
    assert_eq!((drawn_over.clip_ms, drawn_over.page_events), (417, false));
    let both = plan.after(&drawn_over, false, Some(1800.0)).unwrap();
    assert_eq!((both.clip_ms, both.page_events), (1000, true));
    assert_eq!(
        plan.after(&both, false, Some(1800.0)),
        None,
        "the last picture is held"
    );
}

#[test]
fn a_page_stands_still_while_time_is_folded() {
    let tab = mutations(&[20_000.0]);
    let shown = clip(&tab, &ClipOptions::default());
    let fold = shown.map.segments()[1].clip.clone();
    let plan = Plan::new(&tab, &shown);
    let mut tick = plan.first();
    while let Some(next) = plan.after(&tick, true, None) {
        assert!(
            !(fold.start..fold.end).contains(&(next.clip_ms as f64)),
            "{next:?} in {fold:?}"
        );
        tick = next;
    }
    assert_eq!(tick.recording, shown.map.end());
}

prop_compose! {
    fn sessions()(gaps in prop::collection::vec((0.0..20_000.0f64, prop::bool::weighted(0.3)), 0..40)) -> Tab {
        let kinds = [EventKind::Mutation, EventKind::PointerMove, EventKind::Plugin, EventKind::Input];
        let mut events = vec![(EventKind::FullSnapshot, 0.0)];
        let mut time = 0.0;
        for (place, (gap, long)) in gaps.iter().enumerate() {
            time += if *long { *gap } else { gap / 100.0 };
            events.push((kinds[place % kinds.len()], time));
        }
        tab(&events)
    }
}

prop_compose! {
    fn settings()(
        fps in 1u32..=60,
        speed in 0.1..100.0f64,
        idle in prop::option::of(0.0..6000.0f64),
        fold in 0.0..2000.0f64,
        hold in 0.0..3000.0f64,
    ) -> ClipOptions {
        ClipOptions {
            fps,
            speed: Speed::new(speed).unwrap(),
            idle: idle.map_or(Idle::Keep, |idle| Idle::Above(Seconds::from_milliseconds(idle))),
            fold: Seconds::from_milliseconds(fold),
            hold: Seconds::from_milliseconds(hold),
            max_length: Seconds::from_milliseconds(1e12),
            ..ClipOptions::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn segments_join_and_clocks_only_run_forwards(tab in sessions(), options in settings()) {
        let map = clip(&tab, &options).map;
        let mut clip_ms = 0.0;
        let mut recording = map.start();
        for segment in map.segments() {
            prop_assert_eq!(segment.clip.start, clip_ms);
            prop_assert_eq!(segment.recording.start, recording);
            prop_assert!(segment.clip.end > segment.clip.start);
            prop_assert!(segment.recording.end >= segment.recording.start);
            clip_ms = segment.clip.end;
            recording = segment.recording.end;
        }
        prop_assert_eq!(clip_ms, map.length() as f64);
        prop_assert_eq!(recording, map.end());
        prop_assert_eq!(map.start(), tab.start().unwrap());
        prop_assert_eq!(map.end(), tab.end().unwrap());
    }

    #[test]
    fn a_hold_adds_clip_time_and_nothing_else(
        tab in sessions(),
        options in settings(),
        share in 0.0..1.0f64,
        milliseconds in 1..5000u64,
    ) {
        let map = Clip::new(&tab, &options).unwrap().map;
        let recording = map.start() + share * (map.end() - map.start());
        let held = map.with_hold(recording, milliseconds);
        let ms = milliseconds as f64;
        prop_assert_eq!(held.length(), map.length() + milliseconds);
        prop_assert_eq!((held.start(), held.end()), (map.start(), map.end()));
        let mut clock = 0.0;
        for segment in held.segments() {
            prop_assert!(segment.clip.start == clock && segment.clip.end > clock);
            clock = segment.clip.end;
        }
        let at = map.clip_at(recording);
        for clip_ms in [0.0, at / 2.0, at] {
            prop_assert!((held.recording_at(clip_ms) - map.recording_at(clip_ms)).abs() < 1e-3);
        }
        let inside = map.segment_at(at).kind;
        if !matches!(inside, SegmentKind::Fold { .. }) {
            for clip_ms in [at, at + 1.0, map.length() as f64] {
                let (old, new) = (map.recording_at(clip_ms), held.recording_at(clip_ms + ms));
                prop_assert!((old - new).abs() < 1e-3, "{old} is not {new} at {clip_ms}");
            }
        }
    }

    #[test]
    fn both_clocks_lead_to_each_other(tab in sessions(), options in settings(), share in 0.0..1.0f64) {
        let map = clip(&tab, &options).map;
        let clip_ms = share * map.play_length();
        let there = map.recording_at(clip_ms);
        prop_assert!((map.start()..=map.end()).contains(&there));
        // Recording time is a number near 2e12, exact to some 1e-4 ms; slow motion magnifies it.
        let segment = map.segment_at(clip_ms);
        let steepness = (segment.clip.end - segment.clip.start) / (segment.recording.end - segment.recording.start);
        prop_assert!((map.clip_at(there) - clip_ms).abs() <= 0.001 * steepness.max(1.0));

        let recording = map.start() + share * (map.end() - map.start());
        let back = map.recording_at(map.clip_at(recording));
        prop_assert!((back - recording).abs() <= 0.001 / steepness.min(1.0), "{} {}", back, recording);
    }

    #[test]
    fn speed_and_folds_account_for_all_time(tab in sessions(), options in settings()) {
        let map = clip(&tab, &options).map;
        for segment in map.segments() {
            let clip_ms = segment.clip.end - segment.clip.start;
            let recording_ms = segment.recording.end - segment.recording.start;
            match segment.kind {
                SegmentKind::Play => {
                    prop_assert!((clip_ms * options.speed.factor() - recording_ms).abs() < 0.5);
                }
                SegmentKind::Fold { skipped_ms } => {
                    prop_assert!((skipped_ms - recording_ms).abs() < 0.01);
                    prop_assert!((clip_ms - options.fold.milliseconds().max(1.0)).abs() < 0.01);
                    prop_assert!(clip_ms * options.speed.factor() <= recording_ms + 100.0, "folding saves time");
                    for event in &tab.events {
                        let inside = event.time > segment.recording.start && event.time < segment.recording.end;
                        prop_assert!(!(inside && event.kind.touches_page()));
                    }
                }
                SegmentKind::Cut { .. } => prop_assert!(false, "one part has no cuts"),
                SegmentKind::Hold => prop_assert_eq!(recording_ms, 0.0),
            }
        }
    }

    #[test]
    fn frames_fill_the_clip_and_none_is_empty(
        tab in sessions(),
        options in settings(),
        animating in prop::collection::vec(any::<bool>(), 1..7),
    ) {
        let shown = clip(&tab, &options);
        let plan = Plan::new(&tab, &shown);
        let mut tick = plan.first();
        let mut total = 0;
        let mut frames = 0u64;
        loop {
            let next = plan.after(&tick, animating[frames as usize % animating.len()], None);
            let duration = plan.shown_for(&tick, next.as_ref());
            prop_assert!(duration > 0);
            total += duration;
            frames += 1;
            prop_assert!(tick.recording <= shown.map.end());
            match next {
                Some(next) => {
                    prop_assert!(next.clip_ms > tick.clip_ms && next.recording >= tick.recording);
                    tick = next;
                }
                None => break,
            }
        }
        prop_assert_eq!(total, shown.map.length());
        // Points of the grid are at whole milliseconds, so half of one may be rounded off.
        let most = (shown.map.play_length() + 0.5) * f64::from(options.fps) / 1000.0 + 2.0;
        prop_assert!(frames as f64 <= most, "{} frames, at most {}", frames, most);
        // Whatever touches the page is seen before the clip ends.
        let last_change = tab.events.iter().rev().find(|event| event.kind.touches_page()).unwrap().time;
        prop_assert!(tick.recording >= last_change);
    }
}

#[test]
fn what_happened_shortly_before_and_after_the_recording_is_shown_at_its_ends() {
    let tab = mutations(&[1000.0, 20_000.0]);
    let shown = |parts: &[Range<f64>]| {
        let clip = Clip::of_parts(&tab, &ClipOptions::default(), parts).unwrap();
        [-6000.0, -3000.0, 23_000.0, 26_000.0].map(|at| clip.shown(START + at))
    };
    let whole = clip(&tab, &ClipOptions::default());
    assert_eq!(shown(&[]), [None, Some(0.0), Some(whole.map.play_length()), None]);
    // A part that ends before the recording does says nothing of what comes after it.
    let middle = START + 500.0..START + 1500.0;
    assert_eq!(shown(&[middle]), [None; 4]);
    let held = whole.map.with_hold(START + 1000.0, 500);
    assert!(held.shows(START - 3000.0) && held.shows(START + 23_000.0));
}

#[test]
fn parts_are_joined_by_cuts() {
    let tab = mutations(&[1000.0, 20_000.0, 21_000.0, 40_000.0]);
    let parts = [START + 500.0..START + 1500.0, START + 19_500.0..START + 21_500.0];
    let clip = Clip::of_parts(&tab, &ClipOptions::default(), &parts).unwrap();
    let kinds: Vec<SegmentKind> = clip.map.segments().iter().map(|segment| segment.kind).collect();
    let skipped_ms = 18_000.0;
    assert_eq!(
        kinds,
        [
            SegmentKind::Play,
            SegmentKind::Cut { skipped_ms },
            SegmentKind::Play,
            SegmentKind::Hold
        ]
    );
    assert_eq!(clip.map.start(), START + 500.0);
    assert_eq!(clip.map.end(), START + 21_500.0);
    let shows = [1500.0, 10_000.0, 19_500.0, 22_000.0].map(|at| clip.map.shows(START + at));
    assert_eq!(shows, [true, false, true, false]);
    // While nothing is shown of it, the page stands still.
    assert_eq!(clip.map.picture_at(1200.0), START + 1500.0);
}
