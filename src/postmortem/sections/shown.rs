//! What there is to see: the session that shows the problem best, and others.

use super::super::chart::utc;
use super::words::{clean, counted, heading, paragraph, uncapitalized};
use super::{Shown, Sources, Still};
use crate::embed::document::{self, Block, Inline, Picture, Place, text};

pub(super) fn clip(sources: &Sources<'_>) -> Vec<Block> {
    let Some((shown, manifest)) = sources
        .shown
        .first()
        .and_then(|shown| Some((shown, shown.manifest?)))
    else {
        return Vec::new();
    };
    let mut blocks = vec![heading("What users saw")];
    blocks.push(Block::Clip(document::picture(manifest, &place(shown))));
    let whose = match (&shown.picked.session, &shown.picked.user) {
        (Some(session), Some(user)) => format!("session {session} of user {user}"),
        (Some(session), None) => format!("session {session}"),
        _ => shown.picked.path.clone(),
    };
    blocks.push(paragraph(&format!(
        "This is {whose}, {} UTC, one of the {} that met the problem.",
        utc(shown.picked.time_ms),
        counted(sources.group.sessions, "session")
    )));
    let captions: Vec<Vec<Inline>> = manifest
        .captions
        .iter()
        .take(20)
        .map(|cue| {
            let at = crate::clip::offset_text(cue.from_ms as f64);
            vec![
                Inline::Strong(at),
                text(format!(" {}", clean(&cue.text.replace('\n', "; ")))),
            ]
        })
        .collect();
    if !captions.is_empty() {
        blocks.push(Block::Bulleted(captions));
    }
    blocks
}

pub(super) fn place(shown: &Shown<'_>) -> Place {
    Place {
        clip: Some(shown.src.to_owned()),
        folder: String::new(),
    }
}

pub(super) fn steps(sources: &Sources<'_>) -> Vec<Block> {
    let manifest = sources.shown.first().and_then(|shown| shown.manifest);
    manifest.map(document::steps).unwrap_or_default()
}

pub(super) fn ways(sources: &Sources<'_>) -> Vec<Block> {
    let others: Vec<&Shown<'_>> = sources.shown.iter().skip(1).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![heading("Other ways users ran into it")];
    for other in others {
        let reason = other.picked.reasons.first().cloned().unwrap_or_default();
        let difference = reason.strip_prefix("differs from the first: ").unwrap_or(&reason);
        let session = other.picked.session.as_ref().unwrap_or(&other.picked.path);
        blocks.push(paragraph(&format!(
            "Session {session}, {} UTC. What is different: {difference}.",
            utc(other.picked.time_ms)
        )));
        if let Some(manifest) = other.manifest {
            blocks.push(Block::Clip(document::picture(manifest, &place(other))));
        }
    }
    blocks
}

/// The key frames of the same session, for print and for those who cannot play a clip.
pub(super) fn storyboard(sources: &Sources<'_>) -> Vec<Block> {
    let Some(still) = sources.storyboard else {
        return Vec::new();
    };
    let alt = match sources.shown.first().and_then(|shown| shown.manifest) {
        Some(manifest) => format!("The same in pictures. {}", manifest.alt),
        None => "The same in pictures".to_owned(),
    };
    vec![heading("Storyboard"), Block::Clip(picture(still, clean(&alt)))]
}

/// The same session beside one that went well.
pub(super) fn beside(sources: &Sources<'_>) -> Vec<Block> {
    let Some(beside) = sources.beside else {
        return Vec::new();
    };
    let step = uncapitalized(beside.step);
    let alt = format!(
        "Two sessions side by side, aligned where the user {step}: the left one meets the problem, the right one does not"
    );
    vec![
        heading("Beside a session that went well"),
        Block::Clip(picture(beside.clip, clean(&alt))),
        paragraph(&format!(
            "Both run on one clock, which counts from the step that they share: “{step}”. On the right is {}.",
            beside.healthy
        )),
    ]
}

/// A picture as a block.
pub(super) fn picture(still: Still<'_>, alt: String) -> Picture {
    Picture {
        file: still.file.to_owned(),
        src: still.src.to_owned(),
        video: false,
        alt,
        width: still.size.0,
        height: still.size.1,
        poster: None,
        captions: None,
    }
}
