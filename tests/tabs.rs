//! A session over two tabs, recorded by PostHog's recorder, is one clip.

#[path = "common/command.rs"]
mod command;

use serde_json::Value;

use command::{domreel, fixture};

const SEARCH: &str = "https://shelf.example/";
const BOOK: &str = "https://shelf.example/book/moss";

fn told(arguments: &[&str]) -> Value {
    let assert = domreel()
        .args(["inspect", &fixture("posthog-windows.ndjson.gz"), "--json"])
        .args(arguments)
        .assert()
        .code(0);
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    let list = list.as_array().unwrap();
    list.iter().map(|one| one[field].as_str().unwrap()).collect()
}

#[test]
fn the_user_is_followed_from_tab_to_tab() {
    let session = told(&[]);
    assert_eq!(texts(&session["tabs"], "id"), ["window-1", "window-2"]);
    let visits = session["visits"].as_array().unwrap();
    let visits: Vec<_> = visits
        .iter()
        .map(|visit| visit["tab"].as_u64().unwrap())
        .collect();
    assert_eq!(visits, [1, 2, 1, 2, 1]);
    let followed = &session["followed"];
    assert_eq!(
        texts(&followed["pages"], "url"),
        [SEARCH, BOOK, SEARCH, BOOK, SEARCH]
    );
    assert_eq!(
        texts(&followed["steps"], "text"),
        [
            &format!("Opened {SEARCH}"),
            "Typed 4 characters into field ‘Search the library’",
            &format!("Opened {BOOK}"),
            "Typed 4 characters into field ‘Card number’",
            &format!("Went back to the tab with {SEARCH}"),
            "Typed 4 characters into field ‘Search the library’",
            &format!("Went back to the tab with {BOOK}"),
            "Clicked button ‘Put on the list’",
            &format!("Went back to the tab with {SEARCH}"),
        ]
    );
    assert_eq!(texts(&followed["moments"], "kind"), ["error-click", "error"]);
    assert_eq!(followed["moments"][0]["target"], "button ‘Put on the list’");
    assert_eq!(followed["moments"][1]["page"], BOOK);
    assert_eq!(session["damage"]["total"], 0);
}

#[test]
fn one_tab_can_be_chosen() {
    for name in ["2", "window-2"] {
        let session = told(&["--tab", name]);
        assert_eq!(texts(&session["tabs"], "id"), ["window-2"]);
        assert_eq!(texts(&session["tabs"][0]["pages"], "url"), [BOOK]);
        assert_eq!(session["followed"], Value::Null);
    }
    let wrong = domreel()
        .args(["inspect", &fixture("posthog-windows.ndjson.gz"), "--tab", "3"])
        .assert()
        .code(2);
    let message = String::from_utf8_lossy(&wrong.get_output().stderr).into_owned();
    assert!(
        message.contains("1 ‘window-1’") && message.contains("2 ‘window-2’"),
        "{message}"
    );
}

/// Pictures of the session in its first tab, half a second after each switch, and again as often without
/// notes.
fn shots() -> [Vec<image::RgbImage>; 2] {
    const TIMES: [&str; 5] = ["3.5", "5.4", "9", "11.6", "13.9"];
    let directory = tempfile::tempdir().unwrap();
    [None, Some("notes")].map(|hidden| {
        let mut command = domreel();
        command.args(["shot", &fixture("posthog-windows.ndjson.gz"), "--hide", "bar"]);
        command.args(TIMES.iter().flat_map(|time| ["--at", time]));
        command.args(hidden.iter().flat_map(|part| ["--hide", part]));
        command
            .arg("-o")
            .arg(directory.path().join("shot.png"))
            .assert()
            .code(0);
        let file = |number| directory.path().join(format!("shot-{number}.png"));
        (1..=TIMES.len())
            .map(|number| image::open(file(number)).unwrap().to_rgb8())
            .collect()
    })
}

#[test]
fn a_clip_shows_the_tab_that_the_user_is_in_with_a_card_at_each_switch() {
    let [noted, bare] = shots();
    // The cover of the book.
    let is_book = |picture: &image::RgbImage| picture.get_pixel(200, 400).0 == [0x86, 0xa8, 0x73];
    let books: Vec<bool> = bare.iter().map(is_book).collect();
    assert_eq!(books, [false, true, false, true, false]);
    let cards: Vec<bool> = noted.iter().zip(&bare).map(|(one, other)| one != other).collect();
    assert_eq!(cards, [false, true, true, true, true]);
}
