//! Reads an rrweb recording and parses it with serde_json into typed events, and says how long each took:
//! `bench-events RECORDING.json`.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::Context;
use serde::Deserialize;

#[derive(Deserialize)]
#[allow(dead_code)]
struct Event {
    r#type: u8,
    timestamp: f64,
    data: Data,
}

/// What the events of a live table hold; of the rest, what they have in common with it.
#[derive(Deserialize)]
#[allow(dead_code)]
struct Data {
    source: Option<u8>,
    href: Option<String>,
    width: Option<f64>,
    height: Option<f64>,
    node: Option<Node>,
    #[serde(default)]
    texts: Vec<Text>,
    #[serde(default)]
    attributes: Vec<Attributes>,
    #[serde(default)]
    removes: Vec<Remove>,
    #[serde(default)]
    adds: Vec<Add>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Text {
    id: i64,
    value: Option<String>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Attributes {
    id: i64,
    attributes: HashMap<String, Value>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(untagged)]
enum Value {
    Text(String),
    Flag(bool),
    Number(f64),
    Other(serde_json::Value),
}

#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(rename_all = "camelCase")]
struct Remove {
    parent_id: i64,
    id: i64,
}

#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(rename_all = "camelCase")]
struct Add {
    parent_id: i64,
    next_id: Option<i64>,
    node: Node,
}

#[derive(Deserialize)]
#[allow(dead_code)]
#[serde(rename_all = "camelCase")]
struct Node {
    r#type: u8,
    id: i64,
    tag_name: Option<String>,
    text_content: Option<String>,
    #[serde(default)]
    attributes: HashMap<String, Value>,
    #[serde(default)]
    child_nodes: Vec<Node>,
}

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os()
        .nth(1)
        .context("usage: bench-events RECORDING.json")?;
    let began = Instant::now();
    let bytes = std::fs::read(path)?;
    let read = began.elapsed().as_secs_f64();
    let events: Vec<Event> = serde_json::from_slice(&bytes)?;
    let parse = began.elapsed().as_secs_f64() - read;
    println!(
        "{{\"events\":{},\"read\":{read:.3},\"parse\":{parse:.3}}}",
        events.len()
    );
    // Freeing is no part of parsing.
    std::mem::forget(events);
    Ok(())
}
