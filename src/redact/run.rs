//! Texts of a page that stand together, read as one: what is secret may be spread over several nodes.

use rustc_hash::FxHashSet;

use crate::dom::NodeView;
use crate::recording::NodeId;

/// Text nodes before and after a text that are read together with it.
const NEIGHBOURS: usize = 12;

/// Nodes that are passed on the way to them.
const REACH: usize = 60;

/// Bytes that are read together with a text, to each side.
const NEIGHBOURHOOD: usize = 200;

/// Texts that stand together.
#[derive(Default)]
pub(super) struct Run {
    pub(super) text: String,
    /// In their order.
    pub(super) pieces: Vec<Piece>,
}

/// The part of a run that is one node's.
pub(super) struct Piece {
    pub(super) id: NodeId,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Run {
    fn push(&mut self, id: Option<NodeId>, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        if let Some(id) = id {
            self.pieces.push(Piece {
                id,
                start,
                end: self.text.len(),
            });
        }
    }
}

/// Nodes in the order of the document, as one text.
pub(super) fn run_of<'p>(nodes: impl Iterator<Item = NodeView<'p>>) -> Run {
    let mut run = Run::default();
    let mut previous: Option<NodeView<'p>> = None;
    for node in nodes.filter(|node| !is_code(*node)) {
        if previous.is_some_and(|previous| !on_one_line(previous, node)) {
            run.text.push('\n');
        }
        run.push(node.id(), node.text().map_or("", |text| text));
        previous = Some(node);
    }
    run
}

/// A text with those around it. Of the unread ones, all that are next to each other are read as one.
pub(super) fn neighbourhood(node: NodeView<'_>, unread: &mut FxHashSet<NodeId>) -> Run {
    node.id().map(|id| unread.remove(&id));
    let before = texts_beside(node, NodeView::before, unread);
    let after = texts_beside(node, NodeView::after, unread);
    run_of(before.into_iter().rev().chain([node]).chain(after))
}

/// Texts to one side of a text, the nearest first: as many as are read together with it or with another
/// unread one among them.
fn texts_beside<'p>(
    node: NodeView<'p>,
    next: impl Fn(NodeView<'p>) -> Option<NodeView<'p>>,
    unread: &mut FxHashSet<NodeId>,
) -> Vec<NodeView<'p>> {
    let mut texts = Vec::new();
    let (mut passed, mut count, mut bytes) = (0, 0, 0);
    let mut at = node;
    while passed < REACH && count < NEIGHBOURS && bytes < NEIGHBOURHOOD {
        let Some(beside) = next(at) else { break };
        at = beside;
        passed += 1;
        let Some(text) = at.text().filter(|_| !is_code(at)) else {
            continue;
        };
        if at.id().is_some_and(|id| unread.remove(&id)) {
            (passed, count, bytes) = (0, 0, 0);
        } else {
            count += 1;
            bytes += text.len();
        }
        texts.push(at);
    }
    texts
}

/// Whether a text is none that people read.
pub(super) fn is_code(node: NodeView<'_>) -> bool {
    node.parent()
        .and_then(NodeView::tag)
        .is_some_and(|tag| matches!(&**tag, "style" | "script"))
}

/// Whether nothing but elements within a line stands between the parents of two texts.
fn on_one_line(one: NodeView<'_>, two: NodeView<'_>) -> bool {
    let block = |node: NodeView<'_>| {
        node.ancestors()
            .take(REACH)
            .find(|above| !above.tag().is_some_and(|tag| is_inline(tag)))
            .and_then(NodeView::id)
    };
    block(one) == block(two)
}

fn is_inline(tag: &str) -> bool {
    matches!(
        tag,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tspan"
            | "tt"
            | "u"
            | "var"
    )
}
