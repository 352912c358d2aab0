//! Where in code an error came from.

use std::fmt;
use std::sync::Arc;

use crate::recording::StackFrame;

/// A place in code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodePlace {
    /// The function, where it has a name.
    pub function: Option<Arc<str>>,
    /// Name of the file without its folders, and line and column: `cart.js:40:7`.
    pub file: String,
}

impl fmt::Display for CodePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some(function) => write!(f, "{function} ({})", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// The innermost call in the application's own code; where nothing tells which that is, the
/// innermost outside of packages.
pub fn code_place(stack: &[StackFrame]) -> Option<CodePlace> {
    let foreign = |frame: &&StackFrame| {
        let file = frame.file.as_deref().unwrap_or_default();
        file.is_empty() || file.contains("node_modules") || file.starts_with("native")
    };
    let frame = stack
        .iter()
        .find(|frame| frame.in_app == Some(true))
        .or_else(|| {
            stack
                .iter()
                .find(|frame| frame.in_app.is_none() && !foreign(frame))
        })
        .or_else(|| stack.first())?;
    let file = frame.file.as_deref()?;
    let path = file.split(['?', '#']).next().unwrap_or_default();
    let name = path
        .rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or(path);
    let mut text = name.to_owned();
    for number in [frame.line, frame.column].into_iter().map_while(|number| number) {
        text.push_str(&format!(":{number}"));
    }
    let function = frame
        .function
        .clone()
        .filter(|name| !name.is_empty() && &**name != "?");
    Some(CodePlace { function, file: text })
}
