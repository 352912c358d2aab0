//! What takes minutes, or gigabytes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::page::{self, START, recording, text};
use super::{LONGEST, domreel, folder, shoot, shot, told};

/// Where a string goes in a recording.
const PLACE: &str = "%STRING%";

/// Writes a recording with a string of 500 MB in its place.
fn write_long(path: &Path, recording: &str) {
    let (before, after) = recording.split_once(PLACE).unwrap();
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(before.as_bytes()).unwrap();
    let piece = "words ".repeat(1 << 16);
    for _ in 0..500_000_000 / piece.len() {
        file.write_all(piece.as_bytes()).unwrap();
    }
    file.write_all(after.as_bytes()).unwrap();
    file.flush().unwrap();
}

#[test]
#[ignore = "takes minutes"]
fn strings_of_500_megabytes_are_cut_left_out_or_refused() {
    let (_keep, folder) = folder();
    let (input, output) = (folder.join("in.json"), folder.join("out.png"));
    let image = format!(
        r#"{{"type":2,"tagName":"img","attributes":{{"src":"data:image/png;base64,{PLACE}"}},"childNodes":[],"id":10}}"#
    );
    let styled = format!(
        r#"{{"type":2,"tagName":"style","attributes":{{"_cssText":"p{{}}/*{PLACE}*/"}},"childNodes":[],"id":10}}"#
    );
    let console = format!(
        r#"{{"type":6,"timestamp":{},"data":{{"plugin":"rrweb/console@1","payload":{{"level":"error","trace":[],"payload":["\"{PLACE}\""]}}}}}},"#,
        START + 500
    );
    for (body, events) in [
        (text(10, PLACE), String::new()),
        (image, String::new()),
        (styled, String::new()),
        (text(10, "hello"), console),
    ] {
        write_long(&input, &recording(("1280", "800"), &body, &events));
        shoot(&input, &output, &[]).code(0);
    }
}

/// A page of more bytes than the browser takes in one message.
#[test]
#[ignore = "takes minutes"]
fn pages_of_150_megabytes_are_shown() {
    let (_keep, folder) = folder();
    shot(&folder, &recording(("1280", "800"), &page::titled(150), ""));
}

/// Writes a recording with a gigabyte of one event again and again.
fn write_gigabyte(out: &mut dyn Write, event: &str) {
    let whole = recording(("1280", "800"), &text(10, "hello"), "");
    let (first, _) = whole.rsplit_once(",\n{").unwrap();
    out.write_all(first.as_bytes()).unwrap();
    out.write_all(b",").unwrap();
    let piece = event.repeat((1 << 20) / event.len());
    for _ in 0..(1 << 30) / piece.len() {
        out.write_all(piece.as_bytes()).unwrap();
    }
    out.write_all(event.trim_end_matches(',').as_bytes()).unwrap();
    out.write_all(b"]").unwrap();
}

/// Fourteen million events in a file of a few megabytes: more than may be.
#[test]
#[ignore = "takes minutes"]
fn a_gigabyte_of_small_events_is_read_as_far_as_it_may() {
    let (_keep, folder) = folder();
    let (input, output) = (folder.join("in.json.gz"), folder.join("out.png"));
    let last = START + 1500;
    let event = format!(r#"{{"type":3,"data":{{"source":3,"id":1,"x":0,"y":0}},"timestamp":{last}}},"#);
    let file = File::create(&input).unwrap();
    let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    write_gigabyte(&mut out, &event);
    out.finish().unwrap();
    assert!(input.metadata().unwrap().len() < 8 << 20);
    let told = told(&shoot(&input, &output, &[]).code(0));
    assert!(told.contains("--allow events="), "{told}");
    let refused = shoot(&input, &output, &["--allow", "unpacked=100MB", "--strict"]);
    refused.code(6);
}

/// A ZIP of little more than a megabyte, which is about as small as a gigabyte can be.
#[test]
#[ignore = "takes minutes"]
fn a_gigabyte_of_large_events_is_shown_or_refused() {
    let (_keep, folder) = folder();
    let (input, output) = (folder.join("in.zip"), folder.join("out.png"));
    let last = START + 1500;
    let note = "x".repeat(60_000);
    let event =
        format!(r#"{{"type":5,"data":{{"tag":"note","payload":{{"text":"{note}"}}}},"timestamp":{last}}},"#);
    let mut out = zip::ZipWriter::new(File::create(&input).unwrap());
    out.start_file("in.json", zip::write::SimpleFileOptions::default())
        .unwrap();
    write_gigabyte(&mut out, &event);
    out.finish().unwrap();
    assert!(input.metadata().unwrap().len() < 2 << 20);
    shoot(&input, &output, &[]).code(0);
    let told = told(&shoot(&input, &output, &["--allow", "unpacked=100MB"]).code(0));
    assert!(told.contains("--allow unpacked="), "{told}");
    shoot(&input, &output, &["--allow", "unpacked=100MB", "--strict"]).code(6);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_nodes_are_shown_or_told() {
    let (_keep, folder) = folder();
    let body = page::elements("i", 1_000_000);
    shot(&folder, &recording(("1280", "800"), &body, ""));
}

#[test]
#[ignore = "takes minutes"]
fn a_million_mouse_moves_are_shown() {
    let (_keep, folder) = folder();
    let mut moves = String::new();
    for batch in 0..4000_u64 {
        let time = START + 10 + batch * 1980 / 4000;
        moves += &format!(r#"{{"type":3,"timestamp":{time},"data":{{"source":1,"positions":["#);
        for at in 0..250_u64 {
            let (x, y) = (batch * at % 1280, (batch + at) % 800);
            let comma = if at == 0 { "" } else { "," };
            moves += &format!(r#"{comma}{{"x":{x},"y":{y},"id":10,"timeOffset":-{at}}}"#);
        }
        moves.push_str("]}},");
    }
    let input = folder.join("in.json");
    std::fs::write(&input, recording(("1280", "800"), &text(10, "hello"), &moves)).unwrap();
    domreel()
        .timeout(LONGEST)
        .arg("render")
        .arg(&input)
        .arg("-o")
        .arg(folder.join("clip.gif"))
        .assert()
        .code(0);
}
