//! The same laws for events that no recorder would write: ids that are unknown or taken, nodes below
//! themselves, siblings that never come, parents that are no parents.

use std::sync::Arc;

use domreel::dom::Replay;
use domreel::recording::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::model::Model;

/// Few ids, so that they collide.
fn id() -> impl Strategy<Value = NodeId> {
    prop_oneof![8 => 0..24i64, 1 => Just(-1i64), 1 => Just(1i64)]
}

fn text() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![
        Just("a"),
        Just("b:hover{color:red}"),
        Just("c{}/* rr_split */d{}"),
        Just("javascript:alert(1)"),
        Just("https://a.example/"),
        Just(""),
    ]
    .prop_map(Arc::from)
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let name = prop_oneof![
        Just("class"),
        Just("style"),
        Just("href"),
        Just("src"),
        Just("srcset"),
        Just("onclick"),
        Just("value"),
        Just("checked"),
        Just("selected"),
        Just("type"),
        Just("name"),
        Just("open"),
        Just("width"),
        Just("media"),
        Just("disabled"),
        Just("rel"),
    ];
    prop_oneof![
        4 => (name, option::of(text())).prop_map(|(name, value)| Attribute::Plain { name: name.into(), value }),
        1 => style().prop_map(|property| Attribute::Style(vec![property])),
        2 => text().prop_map(Attribute::CssText),
        1 => text().prop_map(Attribute::BlockedWidth),
        1 => (0..9).prop_map(|x| Attribute::ScrollLeft(f64::from(x))),
        1 => text().prop_map(Attribute::DataUrl),
        1 => any::<bool>().prop_map(Attribute::MediaPlaying),
        1 => (0..9).prop_map(|time| Attribute::MediaTime(f64::from(time))),
        1 => option::of(Just(DialogMode::Modal)).prop_map(Attribute::Dialog),
    ]
}

fn style() -> impl Strategy<Value = StyleProperty> {
    (
        prop_oneof![Just("color"), Just("width")],
        option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(property, value, important)| StyleProperty {
            property: property.into(),
            value,
            important,
        })
}

fn content() -> impl Strategy<Value = NodeContent> {
    let tag = prop_oneof![
        4 => Just("div"),
        2 => Just("iframe"),
        2 => Just("style"),
        1 => Just("link"),
        1 => Just("input"),
        1 => Just("select"),
        1 => Just("option"),
        1 => Just("canvas"),
        1 => Just("img"),
        1 => Just("dialog"),
        1 => Just("video"),
        1 => Just("textarea"),
        1 => Just("svg"),
        1 => Just("script"),
        1 => Just("x-y"),
    ];
    prop_oneof![
        8 => (tag, any::<bool>(), vec(attribute(), 0..4)).prop_map(|(tag, custom, attributes)| {
            NodeContent::Element { tag: tag.into(), svg: false, custom: custom && tag == "x-y", attributes }
        }),
        3 => text().prop_map(NodeContent::Text),
        1 => text().prop_map(NodeContent::Comment),
        2 => any::<bool>().prop_map(|quirks| NodeContent::Document { quirks }),
        1 => Just(NodeContent::ShadowRoot),
        1 => Just(NodeContent::Doctype { name: "html".into(), public_id: "".into(), system_id: "".into() }),
    ]
}

/// `most` nodes, each somewhere below those before it.
fn tree(most: usize, root: impl Strategy<Value = NodeContent>) -> impl Strategy<Value = NodeTree> {
    let below = vec(
        (
            any::<prop::sample::Index>(),
            option::weighted(0.9, id()),
            prop::bool::weighted(0.2),
            content(),
        ),
        0..most,
    );
    (
        option::weighted(0.95, id()),
        prop::bool::weighted(0.1),
        root,
        below,
    )
        .prop_map(|(id, in_shadow, root, below)| {
            let mut nodes = vec![NodeRecord {
                id,
                parent: None,
                in_shadow,
                content: root,
            }];
            for (parent, id, in_shadow, content) in below {
                nodes.push(NodeRecord {
                    id,
                    parent: Some(parent.index(nodes.len()) as u32),
                    in_shadow,
                    content,
                });
            }
            NodeTree { nodes }
        })
}

fn full_snapshot() -> impl Strategy<Value = EventData> {
    let root = any::<bool>().prop_map(|quirks| NodeContent::Document { quirks });
    tree(16, root).prop_map(|mut tree| {
        // Most pages have something to hang nodes below.
        if let Some(node) = tree.nodes.first_mut() {
            node.id = Some(1);
            node.in_shadow = false;
        }
        let children = tree.nodes.split_off(1);
        tree.nodes.push(NodeRecord {
            id: Some(2),
            parent: Some(0),
            in_shadow: false,
            content: NodeContent::Element {
                tag: "html".into(),
                svg: false,
                custom: false,
                attributes: Vec::new(),
            },
        });
        tree.nodes.extend(children.into_iter().map(|mut node| {
            node.parent = node.parent.map(|parent| if parent == 0 { 1 } else { parent + 1 });
            node
        }));
        EventData::FullSnapshot(FullSnapshot {
            tree,
            scroll: (0.0, 3.0),
        })
    })
}

fn mutation() -> impl Strategy<Value = EventData> {
    let add = (id(), option::of(id()), option::of(id()), tree(3, content())).prop_map(
        |(parent, next, previous, tree)| NodeAdd {
            parent,
            next,
            previous,
            tree,
        },
    );
    let removal = (id(), id(), any::<bool>()).prop_map(|(parent, id, in_shadow)| NodeRemoval {
        parent,
        id,
        in_shadow,
    });
    (
        vec(removal, 0..3),
        vec(add, 0..6),
        vec((id(), text()), 0..3),
        vec((id(), vec(attribute(), 0..3)), 0..3),
    )
        .prop_map(|(removes, adds, texts, attributes)| {
            EventData::Mutation(Mutation {
                removes,
                adds,
                texts,
                attributes,
                attaches_frame: false,
            })
        })
}

fn interaction() -> impl Strategy<Value = EventData> {
    use InteractionKind::*;
    let kind = prop_oneof![
        Just(MouseDown),
        Just(MouseUp),
        Just(Click),
        Just(Focus),
        Just(Blur),
        Just(TouchStart),
        Just(TouchEnd)
    ];
    (kind, id()).prop_map(|(kind, target)| {
        EventData::Interaction(Interaction {
            kind,
            target,
            position: Some((1.0, 1.0)),
            touch: false,
        })
    })
}

fn sheet() -> impl Strategy<Value = SheetTarget> {
    prop_oneof![
        id().prop_map(SheetTarget::Owner),
        (0..3i64).prop_map(SheetTarget::Constructed)
    ]
}

fn rule() -> impl Strategy<Value = RuleInsert> {
    (text(), vec(0..3u32, 0..3)).prop_map(|(rule, path)| RuleInsert { rule, path })
}

fn event() -> impl Strategy<Value = EventData> {
    let samples = vec((id(), -30..1i32), 1..4).prop_map(|samples| {
        EventData::PointerMove(PointerPath {
            kind: PointerKind::Mouse,
            samples: samples
                .into_iter()
                .map(|(target, offset)| PointerSample {
                    x: 1.0,
                    y: 1.0,
                    target,
                    offset: f64::from(offset),
                })
                .collect(),
        })
    });
    let input = (
        id(),
        option::of(text()),
        option::of(any::<bool>()),
        option::of(vec(id(), 0..3)),
    )
        .prop_map(|(target, text, checked, selected_options)| {
            EventData::Input(Input {
                target,
                text,
                checked,
                selected_options,
            })
        });
    let rules = (
        sheet(),
        option::weighted(0.2, text()),
        vec(rule(), 0..3),
        vec(vec(0..3u32, 0..3), 0..2),
    )
        .prop_map(|(sheet, replace, inserts, deletes)| {
            EventData::StyleSheetRules(StyleSheetRules {
                sheet,
                replace,
                inserts,
                deletes,
            })
        });
    let adopted = (id(), vec(0..3i64, 0..3), vec((0..3i64, vec(rule(), 0..2)), 0..2)).prop_map(
        |(root, sheets, new)| {
            EventData::AdoptedStyleSheets(AdoptedStyleSheets {
                root,
                sheets,
                new: new
                    .into_iter()
                    .map(|(sheet, rules)| NewSheet { sheet, rules })
                    .collect(),
            })
        },
    );
    let media = (
        id(),
        prop_oneof![
            Just(MediaAction::Play),
            Just(MediaAction::Pause),
            Just(MediaAction::Rate)
        ],
        option::of(0..9),
    )
        .prop_map(|(target, action, time)| {
            EventData::MediaInteraction(MediaInteraction {
                target,
                action,
                time: time.map(f64::from),
                volume: None,
                muted: None,
                looping: None,
                rate: None,
            })
        });
    let canvas = (
        id(),
        prop_oneof![
            Just(r#"[{"property":"fillRect","args":[0,0,9,9]}]"#),
            Just(r#"[{"property":"clearRect","args":[0,0,9,9]},{"property":"drawImage","args":[1,0,0,9,9]}]"#),
            Just(
                r#"[{"property":"clearRect","args":[0,0,999,999]},{"property":"drawImage","args":[1,0,0,999,999]}]"#
            ),
        ],
    )
        .prop_map(|(target, commands)| {
            EventData::CanvasMutation(CanvasMutation {
                target,
                context: CanvasContext::TwoD,
                commands: serde_json::value::RawValue::from_string(commands.to_owned()).expect("JSON"),
            })
        });
    let selection = vec((id(), 0..9u32, id(), 0..9u32), 0..3).prop_map(|ranges| {
        let range = |(start, start_offset, end, end_offset)| SelectionRange {
            start,
            start_offset,
            end,
            end_offset,
        };
        EventData::Selection(ranges.into_iter().map(range).collect())
    });
    prop_oneof![
        12 => mutation(),
        1 => full_snapshot(),
        2 => samples,
        3 => interaction(),
        1 => (id(), 0..9).prop_map(|(target, x)| EventData::Scroll(Scroll { target, x: f64::from(x), y: 1.0 })),
        1 => (1..999).prop_map(|width| EventData::ViewportResize { width: f64::from(width), height: 9.0 }),
        3 => input,
        2 => rules,
        2 => adopted,
        1 => media,
        1 => canvas,
        1 => selection,
        1 => text().prop_map(|name| EventData::CustomElement { name }),
    ]
}

fn kind(data: &EventData) -> EventKind {
    match data {
        EventData::FullSnapshot(_) => EventKind::FullSnapshot,
        EventData::Mutation(_) => EventKind::Mutation,
        EventData::PointerMove(_) => EventKind::PointerMove,
        EventData::Interaction(_) => EventKind::Interaction,
        EventData::Scroll(_) => EventKind::Scroll,
        EventData::ViewportResize { .. } => EventKind::ViewportResize,
        EventData::Input(_) => EventKind::Input,
        EventData::MediaInteraction(_) => EventKind::MediaInteraction,
        EventData::StyleSheetRules(_) => EventKind::StyleSheetRules,
        EventData::CanvasMutation(_) => EventKind::CanvasMutation,
        EventData::Selection(_) => EventKind::Selection,
        EventData::AdoptedStyleSheets(_) => EventKind::AdoptedStyleSheets,
        EventData::CustomElement { .. } => EventKind::CustomElement,
        other => panic!("{other:?} is not made here"),
    }
}

/// Events 10 ms after each other, the first of them a full snapshot.
fn tab() -> impl Strategy<Value = Tab> {
    (full_snapshot(), vec(event(), 0..14)).prop_map(|(first, rest)| Tab {
        id: String::new(),
        events: std::iter::once(first)
            .chain(rest)
            .enumerate()
            .map(|(at, data)| Event {
                time: 1000.0 + 10.0 * at as f64,
                index: at as u32,
                kind: kind(&data),
                payload: Payload::Decoded(Arc::new(data)),
            })
            .collect(),
        ..Tab::default()
    })
}

proptest! {
    #[test]
    fn what_changes_adds_up_to_the_page(tab in tab()) {
        let mut replay = Replay::new(&tab);
        let mut stage = Model::default();
        stage.take(&replay.seek(999.0));
        let mut time = 1000.0;
        while time <= tab.end().unwrap_or_default() {
            for step in replay.advance_to(time) {
                prop_assert!(!step.changes.is_empty());
                stage.take(&step);
            }
            let mut sought = Model::default();
            sought.take(&Replay::new(&tab).seek(time));
            prop_assert_eq!(stage.tell(), sought.tell(), "at {}", time);
            time += 5.0;
        }
        // What was held back by seeking is counted once.
        let played = replay.damage().clone();
        replay.seek(1000.0);
        replay.seek(time);
        prop_assert_eq!(&played, replay.damage());
    }
}
