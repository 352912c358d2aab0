//! The page as data, on real recordings: whatever way a time is reached, the page is the same.
//!
//! Runs over `fixtures/`, and over every recording below `DOMREEL_RECORDINGS` if that is set.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use domreel::dom::{Change, Handle, Replay, STAGE, Sheet, Step};
use domreel::format::{Input, ReadOptions, read};
use domreel::recording::{Recording, Tab};

fn recordings() -> Vec<(PathBuf, Recording)> {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")];
    directories.extend(std::env::var_os("DOMREEL_RECORDINGS").map(PathBuf::from));
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(&directory)
            .expect("a directory")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        entries.sort();
        for path in entries {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if path.is_dir() {
                if !matches!(name, "pages" | "record" | "damaged") {
                    directories.push(path);
                }
            } else if name.contains(".json") || name.contains(".ndjson") {
                // What is no recording of its own is not asked of here.
                if let Ok(recording) = read(&[Input::Path(path.clone())], &ReadOptions::default()) {
                    found.push((path, recording));
                }
            }
        }
    }
    assert!(found.len() > 10, "only {} recordings found", found.len());
    found
}

fn times(tab: &Tab, count: u32) -> Vec<f64> {
    let (Some(start), Some(end)) = (tab.start(), tab.end()) else {
        return Vec::new();
    };
    (1..=count)
        .map(|at| start + (end - start) * f64::from(at) / f64::from(count))
        .collect()
}

#[test]
fn seeking_and_playing_meet() {
    for (path, recording) in recordings() {
        for tab in &recording.tabs {
            let mut playing = Replay::new(tab);
            for time in times(tab, 7) {
                playing.advance_to(time);
                let played = playing.seek(time);
                let sought = Replay::new(tab).seek(time);
                let place = format!("{} at {time}", path.display());
                assert_eq!(
                    format!("{:?}", played.changes),
                    format!("{:?}", sought.changes),
                    "{place}"
                );
            }
            // And back.
            let mut back = Replay::new(tab);
            for time in times(tab, 5).into_iter().rev() {
                let there = back.seek(time);
                let direct = Replay::new(tab).seek(time);
                assert_eq!(
                    format!("{there:?}"),
                    format!("{direct:?}"),
                    "{} at {time}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_change_names_what_the_stage_has() {
    for (path, recording) in recordings() {
        for tab in &recording.tabs {
            let mut replay = Replay::new(tab);
            let mut stage = Stage::default();
            let begun = tab.start().unwrap_or_default();
            stage.take(&replay.seek(begun), &path);
            for step in replay.advance_to(tab.end().unwrap_or_default()) {
                stage.take(&step, &path);
            }
        }
    }
}

/// What a stage knows: which nodes and sheets there are.
#[derive(Default)]
struct Stage {
    nodes: HashSet<Handle>,
    below: Vec<(Handle, Handle)>,
    sheets: HashSet<u32>,
}

impl Stage {
    fn take(&mut self, step: &Step, path: &Path) {
        for change in &step.changes {
            let known = |node: Handle| {
                assert!(
                    self.nodes.contains(&node),
                    "{} at {}: {change:?} names {node}, which the stage does not have",
                    path.display(),
                    step.time
                );
            };
            let sheet = |sheet: &Sheet| match sheet {
                Sheet::Owner(node) => known(*node),
                Sheet::Constructed(number) => assert!(self.sheets.contains(number), "{change:?}"),
            };
            match change {
                Change::Reset => *self = Stage::default(),
                Change::Insert {
                    parent,
                    before,
                    nodes,
                } => {
                    if *parent != STAGE {
                        known(*parent);
                    }
                    before.iter().for_each(|before| known(*before));
                    for (at, node) in nodes.iter().enumerate() {
                        let above = match node.parent {
                            Some(above) => {
                                assert!((above as usize) < at, "{change:?}");
                                nodes[above as usize].handle
                            }
                            None => *parent,
                        };
                        assert!(self.nodes.insert(node.handle), "{} twice", node.handle);
                        self.below.push((above, node.handle));
                    }
                }
                Change::Remove { node } => {
                    known(*node);
                    self.remove(*node);
                }
                Change::NewSheet { sheet, document, .. } => {
                    known(*document);
                    assert!(self.sheets.insert(*sheet));
                }
                Change::Adopt { root, sheets } => {
                    known(*root);
                    assert!(sheets.iter().all(|sheet| self.sheets.contains(sheet)));
                }
                Change::SheetText { sheet: of, .. }
                | Change::InsertRule { sheet: of, .. }
                | Change::DeleteRule { sheet: of, .. }
                | Change::RuleStyle { sheet: of, .. } => sheet(of),
                Change::Attribute { node, .. }
                | Change::InlineStyle { node, .. }
                | Change::Text { node, .. }
                | Change::Value { node, .. }
                | Change::Checked { node, .. }
                | Change::Selected { node, .. }
                | Change::Scroll { node, .. }
                | Change::Media { node, .. }
                | Change::Dialog { node, .. }
                | Change::CanvasPicture { node, .. }
                | Change::CanvasCommands { node, .. }
                | Change::Font { document: node, .. } => known(*node),
                Change::Focus { node, .. } | Change::Hover { node } | Change::Active { node } => {
                    node.iter().for_each(|node| known(*node));
                }
                Change::Select { ranges } => {
                    for range in ranges {
                        known(range.start);
                        known(range.end);
                    }
                }
                Change::Viewport { .. } | Change::DefineElement { .. } => {}
            }
        }
    }

    fn remove(&mut self, top: Handle) {
        let mut gone = vec![top];
        while let Some(node) = gone.pop() {
            self.nodes.remove(&node);
            gone.extend(
                self.below
                    .iter()
                    .filter(|(above, _)| *above == node)
                    .map(|(_, below)| *below),
            );
            self.below
                .retain(|(above, below)| *above != node && *below != node);
        }
    }
}
