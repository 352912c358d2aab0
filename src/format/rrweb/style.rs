//! Changes of style sheets through the CSSOM, and constructed sheets.

use std::sync::Arc;

use super::decode::{Decoded, integers, needed};
use super::mutation::entries;
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::{
    AdoptedStyleSheets, NewSheet, NodeId, RuleInsert, SheetTarget, StyleDeclaration, StyleSheetRules,
};

/// A constructed sheet has the recorder's number for it, any other its element's.
fn target(id: Option<NodeId>, sheet: Option<i64>) -> Option<SheetTarget> {
    let sheet = sheet.filter(|sheet| *sheet != 0);
    sheet.map(SheetTarget::Constructed).or(id.map(SheetTarget::Owner))
}

/// A place among rules: a number, or a path through nested rules.
fn path(json: &mut Json<'_>) -> Result<Option<Vec<u32>>, JsonError> {
    let numbers = match json.kind()? {
        Kind::Array => integers(json)?,
        _ => json.integer_or_none()?.map(|index| vec![index]),
    };
    let path = numbers.map(|numbers| {
        numbers
            .into_iter()
            .map(|index| u32::try_from(index).unwrap_or(0))
            .collect()
    });
    Ok(path)
}

fn insert(json: &mut Json<'_>) -> Result<Option<RuleInsert>, JsonError> {
    let (mut rule, mut place) = (None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "rule" => rule = json.string_or_none()?,
            "index" => place = path(json)?,
            _ => json.pass()?,
        }
    }
    Ok(rule.map(|rule| RuleInsert {
        rule: Arc::from(&*rule),
        path: place.unwrap_or_default(),
    }))
}

fn delete(json: &mut Json<'_>) -> Result<Option<Vec<u32>>, JsonError> {
    let mut place = None;
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "index" => place = path(json)?,
            _ => json.pass()?,
        }
    }
    Ok(place)
}

fn new_sheet(json: &mut Json<'_>) -> Result<Option<NewSheet>, JsonError> {
    let (mut sheet, mut rules) = (None, Vec::new());
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "styleId" => sheet = json.integer_or_none()?,
            "rules" => entries(json, &mut rules, insert)?,
            _ => json.pass()?,
        }
    }
    Ok(sheet.map(|sheet| NewSheet { sheet, rules }))
}

pub(super) fn rules(json: &mut Json<'_>) -> Decoded<StyleSheetRules> {
    let (mut id, mut sheet, mut replace) = (None, None, None);
    let (mut inserts, mut deletes) = (Vec::new(), Vec::new());
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => id = json.integer_or_none()?,
            "styleId" => sheet = json.integer_or_none()?,
            "replace" | "replaceSync" => replace = json.string_or_none()?.or(replace),
            "adds" => entries(json, &mut inserts, insert)?,
            "removes" => entries(json, &mut deletes, delete)?,
            _ => json.pass()?,
        }
    }
    // `insertRule` without a place inserts at the top.
    for insert in inserts
        .iter_mut()
        .filter(|insert: &&mut RuleInsert| insert.path.is_empty())
    {
        insert.path.push(0);
    }
    Ok(StyleSheetRules {
        sheet: needed(target(id, sheet), "id", json)?,
        replace: replace.map(|text| Arc::from(&*text)),
        inserts,
        deletes,
    })
}

pub(super) fn declaration(json: &mut Json<'_>) -> Decoded<StyleDeclaration> {
    let (mut id, mut sheet, mut place) = (None, None, None);
    let (mut property, mut value, mut important) = (None, None, false);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => id = json.integer_or_none()?,
            "styleId" => sheet = json.integer_or_none()?,
            "index" => place = path(json)?,
            change @ ("set" | "remove") if json.kind()? == Kind::Object => {
                let removes = change == "remove";
                json.object()?;
                while let Some(key) = json.key()? {
                    match &*key {
                        "property" => property = json.string_or_none()?,
                        "value" if !removes => value = json.scalar()?,
                        "priority" if !removes => {
                            important = json.string_or_none()?.as_deref() == Some("important");
                        }
                        _ => json.pass()?,
                    }
                }
                if !removes && value.is_none() {
                    // Setting a property to nothing removes it.
                    value = Some("".into());
                }
            }
            _ => json.pass()?,
        }
    }
    Ok(StyleDeclaration {
        sheet: needed(target(id, sheet), "id", json)?,
        path: needed(place, "index", json)?,
        property: Arc::from(&*needed(property, "property", json)?),
        value: value
            .filter(|value| !value.is_empty())
            .map(|value| Arc::from(&*value)),
        important,
    })
}

pub(super) fn adopted(json: &mut Json<'_>) -> Decoded<AdoptedStyleSheets> {
    let (mut root, mut sheets, mut new) = (None, None, Vec::new());
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => root = json.integer_or_none()?,
            "styleIds" => sheets = integers(json)?,
            "styles" => entries(json, &mut new, new_sheet)?,
            _ => json.pass()?,
        }
    }
    Ok(AdoptedStyleSheets {
        root: needed(root, "id", json)?,
        sheets: sheets.unwrap_or_default(),
        new,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_a_place_goes_to_the_top() {
        let text =
            br#"{"id":4,"adds":[{"rule":"a{}"},{"rule":"b{}","index":2},{"rule":"c{}","index":[1,0]}]}"#;
        let read = rules(&mut Json::new(text)).unwrap();
        let paths: Vec<&[u32]> = read.inserts.iter().map(|insert| &*insert.path).collect();
        assert_eq!(paths, [&[0][..], &[2], &[1, 0]]);
    }
}
