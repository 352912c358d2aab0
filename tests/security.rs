//! The threat model names the test behind each promise: each of these is there, under that name.

use std::path::{Path, PathBuf};

/// What the last column of SECURITY.md's table of promises names.
fn named() -> Vec<String> {
    let text = include_str!("../SECURITY.md");
    let (_, table) = text.split_once("| promise |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut named = Vec::new();
    for row in rows {
        let cell = row.trim_matches('|').rsplit('|').next().unwrap();
        let names: Vec<String> = cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(!names.is_empty(), "no test is named in {row}");
        named.extend(names);
    }
    named
}

/// The file of a module, and what of its path is to be found within it.
fn file_of<'n>(folder: &Path, path: &[&'n str]) -> Option<(PathBuf, Vec<&'n str>)> {
    let mut folder = folder.to_owned();
    for (at, name) in path.iter().enumerate() {
        if folder.join(name).is_dir() {
            folder.push(name);
            continue;
        }
        let own = folder.join(format!("{name}.rs"));
        if own.is_file() {
            return Some((own, path[at + 1..].to_vec()));
        }
        let main = ["mod.rs", "main.rs"].map(|main| folder.join(main));
        let main = main.into_iter().find(|main| main.is_file())?;
        return Some((main, path[at..].to_vec()));
    }
    let main = ["mod.rs", "main.rs"].map(|main| folder.join(main));
    Some((main.into_iter().find(|main| main.is_file())?, Vec::new()))
}

/// Whether a file has a test of that name; one that ends in `…` may go on.
fn has_test(text: &str, name: &str) -> bool {
    let (name, ends) = match name.strip_suffix('…') {
        Some(begin) => (format!("fn {begin}"), false),
        None => (format!("fn {name}("), true),
    };
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let is_it = line.starts_with(&name) && (ends || line.len() > name.len());
        let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        is_it && attributes.into_iter().any(|line| line.contains("test"))
    })
}

/// Why a test is not there.
fn missing(name: &str) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if name.ends_with(".rs") {
        let text = std::fs::read_to_string(root.join(name)).map_err(|error| error.to_string())?;
        return text
            .contains("#[test]")
            .then_some(())
            .ok_or("it has no tests".to_owned());
    }
    let path: Vec<&str> = name.split("::").collect();
    let first = path[0];
    let is_suite = root.join("tests").join(first).is_dir();
    let folder = root.join(if is_suite { "tests" } else { "src" });
    let (file, within) = file_of(&folder, &path).ok_or("there is no such module")?;
    let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    match within[..] {
        [] | ["…"] if text.contains("#[test]") || text.contains("#[tokio::test") || is_suite => Ok(()),
        ["tests"] if text.contains("mod tests {") => Ok(()),
        ["tests", name] | [name] if has_test(&text, name) => Ok(()),
        _ => Err(format!("it is not in {}", file.display())),
    }
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let named = named();
    assert!(named.len() > 25, "{named:?}");
    let missing: Vec<String> = named
        .iter()
        .filter_map(|name| missing(name).err().map(|why| format!("{name}: {why}")))
        .collect();
    assert!(
        missing.is_empty(),
        "SECURITY.md names tests that are not there:\n{}",
        missing.join("\n")
    );
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    for name in [
        "hostile::walls::nothing_at_all",
        "hostile::layers::beneath_…",
        "asset::zip::tests::bombs_are_welcome",
        "asset::nowhere::tests",
        "tests/nothing.rs",
        // A function, but no test.
        "asset::zip::plain_path",
    ] {
        assert!(missing(name).is_err(), "{name}");
    }
    for name in [
        "hostile::layers::without_…",
        "asset::zip::tests::bombs_are_refused",
        "format::tests::damage",
    ] {
        assert_eq!(missing(name), Ok(()), "{name}");
    }
}
