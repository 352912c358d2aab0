//! Recordings of one page, made of JSON.

use std::fmt::Write as _;

/// When they begin, in milliseconds since the Unix epoch.
pub const START: u64 = 1_773_151_320_000;

/// A recording of two seconds: a page with this body, and these events in the middle of it.
pub fn recording(viewport: (&str, &str), body: &str, events: &str) -> String {
    let (width, height) = viewport;
    let (second, last) = (START + 1, START + 2000);
    format!(
        r#"[{{"type":4,"data":{{"href":"https://a.example/","width":{width},"height":{height}}},"timestamp":{START}}},
{{"type":2,"data":{{"node":{{"type":0,"id":1,"childNodes":[{{"type":2,"tagName":"html","attributes":{{}},"id":2,"childNodes":[
{{"type":2,"tagName":"body","attributes":{{}},"id":3,"childNodes":[{body}]}}]}}]}},"initialOffset":{{"top":0,"left":0}}}},"timestamp":{second}}},
{events}{{"type":3,"data":{{"source":3,"id":1,"x":0,"y":0}},"timestamp":{last}}}]"#
    )
}

pub fn text(id: usize, text: &str) -> String {
    format!(
        r#"{{"type":2,"tagName":"p","attributes":{{}},"id":{id},"childNodes":[{{"type":3,"textContent":"{text}","id":{}}}]}}"#,
        id + 1
    )
}

/// A change of the page's nodes half a second after its begin.
pub fn adds(adds: &str) -> String {
    let time = START + 500;
    format!(
        r#"{{"type":3,"timestamp":{time},"data":{{"source":0,"removes":[],"texts":[],"attributes":[],"adds":[{adds}]}}}},"#
    )
}

/// Empty elements with numbers from 10 on, beside each other.
pub fn elements(tag: &str, count: usize) -> String {
    let mut body = String::with_capacity(count * 80);
    for id in 10..10 + count {
        let comma = if id == 10 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"type":2,"tagName":"{tag}","attributes":{{}},"childNodes":[],"id":{id}}}"#
        );
    }
    body
}

/// Elements with numbers from 10 on, each within the one before.
pub fn nested(tag: &str, count: usize) -> String {
    let mut body = String::with_capacity(count * 80);
    for id in 10..10 + count {
        let _ = write!(
            body,
            r#"{{"type":2,"tagName":"{tag}","attributes":{{}},"id":{id},"childNodes":["#
        );
    }
    body + &"]}".repeat(count)
}

/// Elements each of which has a title of 1 MiB.
pub fn titled(count: usize) -> String {
    let title = "x".repeat(1 << 20);
    let element = |id| {
        format!(r#"{{"type":2,"tagName":"p","attributes":{{"title":"{title}"}},"childNodes":[],"id":{id}}}"#)
    };
    let all: Vec<String> = (10..10 + count).map(element).collect();
    all.join(",")
}
