//! Style sheets changed through the CSSOM, and constructed ones.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::css::rewritten;
use super::node::{Kind, SheetOp};
use super::page::{Constructed, Page};
use super::tree::Key;
use super::{Change, Sheet};
use crate::limits::Limit;
use crate::recording::{AdoptedStyleSheets, DamageKind, SheetTarget, StyleDeclaration, StyleSheetRules};

impl Page {
    pub(super) fn sheet_rules(&mut self, rules: &StyleSheetRules, time: f64, out: &mut Vec<Change>) {
        let mut ops = Vec::new();
        match (&rules.replace, rules.sheet) {
            // Only constructed sheets can be replaced; another one's text is that of its nodes.
            (Some(text), SheetTarget::Owner(id)) => {
                let Some(key) = self.known(id) else { return };
                self.replace_sheet(key, text, time, out);
            }
            (Some(text), SheetTarget::Constructed(_)) => ops.push(SheetOp::Text(Arc::clone(text))),
            (None, _) => {}
        }
        ops.extend(rules.inserts.iter().map(|insert| SheetOp::Insert {
            rule: Arc::clone(&insert.rule),
            path: insert.path.clone(),
        }));
        ops.extend(
            rules
                .deletes
                .iter()
                .map(|path| SheetOp::Delete { path: path.clone() }),
        );
        self.change_sheet(rules.sheet, ops, out);
        self.point_anew(out);
    }

    pub(super) fn sheet_declaration(&mut self, declaration: &StyleDeclaration, out: &mut Vec<Change>) {
        let op = SheetOp::Style {
            path: declaration.path.clone(),
            property: Arc::clone(&declaration.property),
            value: declaration.value.clone(),
            important: declaration.important,
        };
        self.change_sheet(declaration.sheet, vec![op], out);
    }

    fn change_sheet(&mut self, target: SheetTarget, ops: Vec<SheetOp>, out: &mut Vec<Change>) {
        let most = self.limits.size(Limit::SheetChanges);
        let is_full = match target {
            SheetTarget::Owner(id) => {
                let Some(key) = self.known(id) else { return };
                let Some(node) = self.tree.get_mut(key) else {
                    return;
                };
                let handle = node.handle;
                // A `<link>` whose text was not recorded has no rules to change.
                let Some(element) = node.element_mut().filter(|element| element.is_sheet()) else {
                    return;
                };
                out.extend(ops.iter().map(|op| sheet_change(Sheet::Owner(handle), op)));
                keep(&mut element.sheet, ops, most)
            }
            SheetTarget::Constructed(number) => {
                let Some(sheet) = self.sheets.get_mut(&number) else {
                    self.report(
                        DamageKind::UnknownNode,
                        format!("style sheet {number} was never made"),
                    );
                    return;
                };
                for (_, copy) in &sheet.copies {
                    out.extend(ops.iter().map(|op| sheet_change(Sheet::Constructed(*copy), op)));
                }
                keep(&mut sheet.ops, ops, most)
            }
        };
        if is_full {
            self.report_limit(
                Limit::SheetChanges,
                "a style sheet was changed more often than it may be",
            );
        }
    }

    /// Children of a `<style>` came, went or changed: a browser reads its sheet anew, and what was
    /// done to the rules is lost.
    pub(super) fn sheet_children_change(&mut self, parent: Option<Key>) {
        let node = parent.and_then(|parent| self.tree.get_mut(parent));
        if let Some(element) = node.and_then(|node| node.element_mut()) {
            element.sheet.clear();
        }
    }

    pub(super) fn adopt(&mut self, adopted: &AdoptedStyleSheets, out: &mut Vec<Change>) {
        let mut awaited = FxHashSet::default();
        for new in &adopted.new {
            if self.sheets.contains_key(&new.sheet) {
                continue;
            }
            let inserts = new.rules.iter().map(|insert| SheetOp::Insert {
                rule: Arc::clone(&insert.rule),
                path: insert.path.clone(),
            });
            let mut sheet = Constructed::default();
            keep(
                &mut sheet.ops,
                inserts.collect(),
                self.limits.size(Limit::SheetChanges),
            );
            self.sheets.insert(new.sheet, sheet);
            if self.awaited_sheets.remove(&new.sheet) {
                awaited.insert(new.sheet);
            }
        }
        if !awaited.is_empty() {
            self.adopt_awaited(&awaited, out);
        }
        let Some(key) = self.known(adopted.root) else {
            return;
        };
        let Some(node) = self.tree.get(key) else { return };
        let root = match &node.kind {
            Kind::Document { .. } | Kind::ShadowRoot => key,
            // A shadow root that had nothing in it shows only now.
            Kind::Element(host) if host.can_host() || node.shadow.is_some() => {
                let known_to_stage = self.tree.last_handle();
                let root = self.shadow_of(key);
                self.emit_fresh(known_to_stage, out);
                root
            }
            _ => return,
        };
        let most = self.limits.size(Limit::AdoptedSheets);
        if adopted.sheets.len() > most {
            self.report_limit(Limit::AdoptedSheets, "more style sheets are adopted than may be");
        }
        if let Some(node) = self.tree.get_mut(root) {
            node.adopted = adopted.sheets.iter().copied().take(most).collect();
        }
        self.adoption_change(root, out);
    }

    /// Roots that adopted sheets before those were made have them from now on.
    fn adopt_awaited(&mut self, awaited: &FxHashSet<i64>, out: &mut Vec<Change>) {
        for key in self
            .tree
            .root
            .map(|root| self.tree.subtree(root))
            .unwrap_or_default()
        {
            let node = self.tree.get(key);
            if node.is_some_and(|node| node.adopted.iter().any(|sheet| awaited.contains(sheet))) {
                self.adoption_change(key, out);
            }
        }
    }

    /// Lets the stage adopt what a document or shadow root adopts, with the copies it needs for that.
    pub(super) fn adoption_change(&mut self, root: Key, out: &mut Vec<Change>) {
        let Some(document) = self.tree.document_of(root) else {
            return;
        };
        let (Some(root_handle), Some(document_handle)) = (self.tree.handle(root), self.tree.handle(document))
        else {
            return;
        };
        let wanted = self
            .tree
            .get(root)
            .map(|node| node.adopted.clone())
            .unwrap_or_default();
        let mut numbers = Vec::with_capacity(wanted.len());
        for number in wanted {
            let Some(sheet) = self.sheets.get_mut(&number) else {
                self.awaited_sheets.insert(number);
                continue;
            };
            let known = sheet
                .copies
                .iter()
                .find(|(of, _)| *of == document)
                .map(|(_, copy)| *copy);
            let copy = known.unwrap_or_else(|| {
                self.next_sheet += 1;
                sheet.copies.push((document, self.next_sheet));
                out.push(Change::NewSheet {
                    sheet: self.next_sheet,
                    document: document_handle,
                    media: None,
                    disabled: false,
                });
                out.extend(
                    sheet
                        .ops
                        .iter()
                        .map(|op| sheet_change(Sheet::Constructed(self.next_sheet), op)),
                );
                self.next_sheet
            });
            numbers.push(copy);
        }
        out.push(Change::Adopt {
            root: root_handle,
            sheets: numbers,
        });
    }

    /// Forgets the stage's copies of sheets: those of one document, or all.
    pub(super) fn forget_copies(&mut self, document: Option<Key>) {
        for sheet in self.sheets.values_mut() {
            sheet
                .copies
                .retain(|(of, _)| document.is_some_and(|document| *of != document));
        }
    }
}

/// Keeps operations for later, `most` of them; whether there were too many to keep all.
fn keep(log: &mut Vec<SheetOp>, ops: Vec<SheetOp>, most: usize) -> bool {
    for op in ops {
        if matches!(op, SheetOp::Text(_)) {
            log.clear();
        }
        if log.len() >= most {
            return true;
        }
        log.push(op);
    }
    false
}

pub(super) fn sheet_change(sheet: Sheet, op: &SheetOp) -> Change {
    match op {
        SheetOp::Text(text) => Change::SheetText {
            sheet,
            text: rewritten(text).into(),
        },
        SheetOp::Insert { rule, path } => Change::InsertRule {
            sheet,
            rule: rewritten(rule).into(),
            path: path.clone(),
        },
        SheetOp::Delete { path } => Change::DeleteRule {
            sheet,
            path: path.clone(),
        },
        SheetOp::Style {
            path,
            property,
            value,
            important,
        } => Change::RuleStyle {
            sheet,
            path: path.clone(),
            property: Arc::clone(property),
            value: value.clone(),
            important: *important,
        },
    }
}
