//! The arrays of numbers and strings that changes are written in.

use std::sync::Arc;

use crate::format::json::{Json, JsonError, Kind};

/// Arrays within each other in one item of a change; no change has more.
const DEPTH: usize = 2;

/// One entry of such an array.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    List(Vec<Field>),
}

impl Field {
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Field::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        // `as` saturates; everything that recorders number fits.
        self.number()
            .filter(|number| number.fract() == 0.0)
            .map(|number| number as i64)
    }

    /// Its entries; none if it is no array.
    pub(super) fn list(&self) -> &[Field] {
        match self {
            Field::List(list) => list,
            _ => &[],
        }
    }

    /// Reads what is no array.
    pub(super) fn scalar(json: &mut Json<'_>) -> Result<Self, JsonError> {
        Ok(match json.kind()? {
            Kind::Number => json.number_or_none()?.map_or(Field::Null, Field::Number),
            Kind::String => Field::Text(Arc::from(&*json.string()?)),
            Kind::Bool => Field::Bool(json.bool_or_none()? == Some(true)),
            Kind::Object => annotated(json)?,
            Kind::Array | Kind::Null => {
                json.pass()?;
                Field::Null
            }
        })
    }
}

/// A string with its role: `{role, string}`.
fn annotated(json: &mut Json<'_>) -> Result<Field, JsonError> {
    let mut text = Field::Null;
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "string" if json.kind()? == Kind::String => text = Field::Text(Arc::from(&*json.string()?)),
            _ => json.pass()?,
        }
    }
    Ok(text)
}

/// Reads an array.
pub(super) fn fields(json: &mut Json<'_>) -> Result<Vec<Field>, JsonError> {
    nested(json, 0)
}

fn nested(json: &mut Json<'_>, depth: usize) -> Result<Vec<Field>, JsonError> {
    let mut list = Vec::new();
    json.array()?;
    while json.element()? {
        list.push(if json.kind()? == Kind::Array && depth < DEPTH {
            Field::List(nested(json, depth + 1)?)
        } else {
            Field::scalar(json)?
        });
    }
    Ok(list)
}
