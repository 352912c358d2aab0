//! Style sheets changed through the CSSOM, and constructed ones.

use std::sync::Arc;

use super::css::rewritten;
use super::node::{Kind, SheetOp};
use super::page::Page;
use super::tree::Key;
use super::{Change, Sheet};
use crate::recording::{AdoptedStyleSheets, DamageKind, SheetTarget, StyleDeclaration, StyleSheetRules};

/// Most operations kept of one sheet.
const MOST_OPS: usize = 200_000;

impl Page {
    pub(super) fn sheet_rules(&mut self, rules: &StyleSheetRules, out: &mut Vec<Change>) {
        let mut ops = Vec::new();
        ops.extend(rules.replace.iter().map(|text| SheetOp::Text(Arc::clone(text))));
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
        match target {
            SheetTarget::Owner(id) => {
                let Some(key) = self.known(id) else { return };
                let Some(node) = self.tree.get_mut(key) else {
                    return;
                };
                let handle = node.handle;
                let Some(element) = node.element_mut().filter(|element| element.is_sheet()) else {
                    return;
                };
                out.extend(ops.iter().map(|op| sheet_change(Sheet::Owner(handle), op)));
                keep(&mut element.sheet, ops);
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
                keep(&mut sheet.ops, ops);
            }
        }
    }

    pub(super) fn adopt(&mut self, adopted: &AdoptedStyleSheets, out: &mut Vec<Change>) {
        for new in &adopted.new {
            let sheet = self.sheets.entry(new.sheet).or_default();
            if sheet.ops.is_empty() {
                let inserts = new.rules.iter().map(|insert| SheetOp::Insert {
                    rule: Arc::clone(&insert.rule),
                    path: insert.path.clone(),
                });
                keep(&mut sheet.ops, inserts.collect());
            }
        }
        let Some(key) = self.known(adopted.root) else {
            return;
        };
        let Some(node) = self.tree.get(key) else { return };
        let root = match (&node.kind, node.shadow) {
            (Kind::Document { .. } | Kind::ShadowRoot, _) => key,
            (_, Some(shadow)) => shadow,
            _ => return,
        };
        if let Some(node) = self.tree.get_mut(root) {
            node.adopted.clone_from(&adopted.sheets);
        }
        self.adoption_change(root, out);
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

fn keep(log: &mut Vec<SheetOp>, ops: Vec<SheetOp>) {
    for op in ops {
        if matches!(op, SheetOp::Text(_)) {
            log.clear();
        }
        if log.len() < MOST_OPS {
            log.push(op);
        }
    }
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
