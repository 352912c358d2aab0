//! The boxes of an MP4 file around its samples (ISO/IEC 14496-12 and -15).
//!
//! Times are in milliseconds, so that every frame keeps the duration it has. Chapters are there
//! twice, as no player reads both ways: as a list in the user data (ffmpeg, VLC, mpv) and as a text
//! track that the video refers to (QuickTime).

use mp4_atom::{
    Atom, Avc1, Avcc, Chpl, ChplEntry, Co64, Codec, Colr, Compressor, Dinf, Dref, DrefEntry, Encode, FourCC,
    Ftyp, Hdlr, Header, Mdhd, Mdia, Minf, Moov, Mvhd, Nmhd, Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz,
    StszSamples, Stts, SttsEntry, Tkhd, TrackReferenceTypeBox, Trak, Tref, Tx3g, Udta, Url, Visual, Vmhd,
};

use crate::encode::Chapter;

/// Units of time in a second.
const TIMESCALE: u32 = 1000;
const VIDEO: u32 = 1;
const TEXT: u32 = 2;
/// Longest title of a chapter, in bytes, and most chapters: the list has one byte for either.
const MAX_CHAPTER: usize = 255;

/// One sample of a track.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Bytes.
    pub size: u32,
    /// How long it is shown, in milliseconds.
    pub duration_ms: u32,
    /// It can be decoded without the samples before it.
    pub key: bool,
}

/// What the boxes have to say.
#[derive(Debug)]
pub(super) struct Movie {
    /// Width of the video, in pixels.
    pub width: u16,
    /// Height of the video, in pixels.
    pub height: u16,
    /// Decoder's parameters.
    pub avcc: Avcc,
    /// Samples of the video, in order.
    pub samples: Vec<Sample>,
    /// Chapters in order of their time.
    pub chapters: Vec<Chapter>,
}

impl Movie {
    /// How long it plays, in milliseconds.
    pub(super) fn duration_ms(&self) -> u64 {
        self.samples.iter().map(|s| u64::from(s.duration_ms)).sum()
    }

    /// The bytes of the file before the first sample, and those after the last one of the video.
    pub(super) fn encode(&self) -> mp4_atom::Result<(Vec<u8>, Vec<u8>)> {
        let (titles, title_samples) = self.title_samples();
        let video: u64 = self.samples.iter().map(|s| u64::from(s.size)).sum();
        let mdat = Header {
            kind: FourCC::new(b"mdat"),
            size: usize::try_from(video + titles.len() as u64).ok(),
        };
        let mut start = Vec::new();
        Ftyp {
            major_brand: FourCC::new(b"isom"),
            minor_version: 512,
            compatible_brands: [b"isom", b"iso2", b"avc1", b"mp41"].map(FourCC::new).into(),
        }
        .encode(&mut start)?;
        // Where the samples are depends on the size of the box that says it, which depends on nothing but their number.
        let build = |at: u64| {
            let mut boxes = Vec::new();
            self.moov(at, at + video, &title_samples).encode(&mut boxes)?;
            mdat.encode(&mut boxes)?;
            mp4_atom::Result::Ok(boxes)
        };
        // Any offset of the right order of magnitude gives the right size.
        let assumed = 1 << 20;
        let size = start.len() + build(assumed)?.len();
        let boxes = build(size as u64)?;
        if start.len() + boxes.len() != size {
            return Err(mp4_atom::Error::TooLarge(Moov::KIND));
        }
        start.extend(boxes);
        Ok((start, titles))
    }

    fn moov(&self, video_at: u64, titles_at: u64, titles: &[Sample]) -> Moov {
        let duration = self.duration_ms();
        let mut trak = vec![self.video(video_at)];
        if !titles.is_empty() {
            trak.push(self.titles(titles_at, titles));
        }
        Moov {
            mvhd: Mvhd {
                timescale: TIMESCALE,
                duration,
                rate: 1.into(),
                volume: 1.into(),
                next_track_id: trak.len() as u32 + 1,
                ..Mvhd::default()
            },
            trak,
            udta: (!titles.is_empty()).then(|| Udta {
                chpl: Some(self.chapter_list()),
                ..Udta::default()
            }),
            ..Moov::default()
        }
    }

    fn video(&self, at: u64) -> Trak {
        let visual = Visual {
            data_reference_index: 1,
            width: self.width,
            height: self.height,
            compressor: Compressor::default(),
            ..Visual::default()
        };
        let entry = Codec::Avc1(Avc1 {
            visual,
            avcc: self.avcc.clone(),
            // BT.709 throughout, in limited range.
            colr: Some(Colr::Nclx {
                colour_primaries: 1,
                transfer_characteristics: 1,
                matrix_coefficients: 1,
                full_range_flag: false,
            }),
            btrt: None,
            pasp: None,
            taic: None,
            fiel: None,
            spatial: None,
        });
        let mut stbl = samples(entry, &self.samples, at);
        let keys = (1..).zip(&self.samples).filter(|(_, sample)| sample.key);
        stbl.stss = Some(Stss {
            entries: keys.map(|(at, _)| at).collect(),
        });
        let tkhd = Tkhd {
            track_id: VIDEO,
            enabled: true,
            in_movie: true,
            width: self.width.into(),
            height: self.height.into(),
            ..Tkhd::default()
        };
        let minf = Minf {
            vmhd: Some(Vmhd::default()),
            ..minf(stbl)
        };
        let mut trak = self.track(tkhd, b"vide", minf);
        trak.tref = (!self.chapters.is_empty()).then(|| Tref {
            track_reference_type_boxes: vec![TrackReferenceTypeBox {
                reference_type: FourCC::new(b"chap"),
                track_ids: vec![TEXT],
            }],
        });
        trak
    }

    fn titles(&self, at: u64, titles: &[Sample]) -> Trak {
        let entry = Codec::Tx3g(Tx3g {
            data_reference_index: 1,
            style_record: [0, 0, 0, 0, 0, 1, 0, 18, 255, 255, 255, 255],
            ..Tx3g::default()
        });
        let minf = Minf {
            nmhd: Some(Nmhd::default()),
            ..minf(samples(entry, titles, at))
        };
        let tkhd = Tkhd {
            track_id: TEXT,
            in_movie: true,
            ..Tkhd::default()
        };
        self.track(tkhd, b"text", minf)
    }

    fn track(&self, tkhd: Tkhd, handler: &[u8; 4], minf: Minf) -> Trak {
        let duration = self.duration_ms();
        Trak {
            tkhd: Tkhd { duration, ..tkhd },
            mdia: Mdia {
                mdhd: Mdhd {
                    timescale: TIMESCALE,
                    duration,
                    language: "und".into(),
                    ..Mdhd::default()
                },
                hdlr: Hdlr {
                    handler: FourCC::new(handler),
                    name: String::new(),
                },
                minf,
            },
            ..Trak::default()
        }
    }

    /// The titles of the chapters inside the clip, and how long each lasts, in milliseconds. A text
    /// track has no gaps: what is before the first chapter is one too.
    fn listed(&self) -> Vec<(&str, u64)> {
        let length = self.duration_ms();
        let inside = self.chapters.iter().filter(|chapter| chapter.clip_ms < length);
        let mut starts: Vec<(&str, u64)> = inside.map(|c| (cut(&c.title), c.clip_ms)).collect();
        if starts.first().is_some_and(|&(_, start)| start > 0) {
            starts.insert(0, ("Start", 0));
        }
        starts.truncate(MAX_CHAPTER);
        let ends = starts.iter().skip(1).map(|&(_, start)| start).chain([length]);
        let lasts: Vec<u64> = starts
            .iter()
            .zip(ends)
            .map(|(&(_, start), end)| end.saturating_sub(start))
            .collect();
        starts
            .into_iter()
            .zip(lasts)
            .map(|((title, _), lasts)| (title, lasts))
            .collect()
    }

    fn chapter_list(&self) -> Chpl {
        let mut start = 0;
        let entries = self.listed().into_iter().map(|(title, lasts)| {
            let entry = ChplEntry {
                start: start * 10_000,
                title: title.to_owned(),
            };
            start += lasts;
            entry
        });
        Chpl {
            entries: entries.collect(),
        }
    }

    /// The text track's samples and what describes them.
    fn title_samples(&self) -> (Vec<u8>, Vec<Sample>) {
        let mut bytes = Vec::new();
        let samples = self.listed().into_iter().map(|(title, lasts)| {
            bytes.extend((title.len() as u16).to_be_bytes());
            bytes.extend(title.as_bytes());
            Sample {
                size: title.len() as u32 + 2,
                duration_ms: u32::try_from(lasts).unwrap_or(u32::MAX),
                key: true,
            }
        });
        let samples = samples.collect();
        (bytes, samples)
    }
}

/// A title as long as it may be.
fn cut(title: &str) -> &str {
    &title[..title.floor_char_boundary(MAX_CHAPTER)]
}

fn minf(stbl: Stbl) -> Minf {
    let here = DrefEntry::Url(Url::default());
    Minf {
        dinf: Dinf {
            dref: Dref { entries: vec![here] },
        },
        stbl,
        ..Minf::default()
    }
}

/// The tables of a track whose samples lie one after the other.
fn samples(entry: Codec, samples: &[Sample], at: u64) -> Stbl {
    let times = samples.chunk_by(|a, b| a.duration_ms == b.duration_ms);
    let small = u32::try_from(at).ok();
    Stbl {
        stsd: Stsd { codecs: vec![entry] },
        stts: Stts {
            entries: times
                .map(|same| SttsEntry {
                    sample_count: same.len() as u32,
                    sample_delta: same.first().map_or(0, |sample| sample.duration_ms),
                })
                .collect(),
        },
        stsc: Stsc {
            entries: vec![StscEntry {
                first_chunk: 1,
                samples_per_chunk: samples.len() as u32,
                sample_description_index: 1,
            }],
        },
        stsz: Stsz {
            samples: StszSamples::Different {
                sizes: samples.iter().map(|sample| sample.size).collect(),
            },
        },
        stco: small.map(|at| Stco { entries: vec![at] }),
        co64: small.is_none().then(|| Co64 { entries: vec![at] }),
        ..Stbl::default()
    }
}
