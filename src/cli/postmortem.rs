//! Writes the post-mortem of a problem that many sessions met.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use domreel::embed::document::relative_url;
use domreel::embed::manifest::Manifest;
use domreel::encode::output::write_file;
use domreel::postmortem::{
    BesideHealthy, DocumentFormat, Figures, Media, Owners, Shown, Sources, Still, chart, evidence, sections,
    write,
};
use domreel::scan::{Group, PickOptions, Picked, ProblemKind, pick};
use serde::Serialize;

use super::Done;
use super::browser::BrowserArgs;
use super::console::{Console, shown};
use super::failure::{Failure, Status};
use super::interrupt::Interrupt;
use super::scan::{SetArgs, chosen};

mod pictures;

use pictures::{CHART, Drawn, clip, draw, side_by_side, story};

/// Write the post-mortem of a problem that many sessions met: figures, chart, clips, timeline, actions
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel postmortem recordings/ -o pm.md
  domreel postmortem recordings/ --group error-3f9a1c --owner checkout=@team-payments -o pm.html
  domreel postmortem recordings/ --owners CODEOWNERS -o pm.ipynb
  domreel postmortem recordings/ --media-url https://files.example/pm -o notebook.json     Datadog

Clips and chart go into a directory beside the document. When the document is there already, only what domreel wrote
and nobody changed is written anew. See docs/postmortem.md.")]
pub(crate) struct PostmortemArgs {
    #[command(flatten)]
    set: SetArgs,
    /// The problem: the id of a group of ‘domreel scan’, the beginning of one, or a part of its title
    /// [default: the error that affects most users]
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Where the document goes: .md, .html or .ipynb; .json for the body of a Datadog notebook
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Who owns a page or a problem, as PATTERN=@OWNER; can be given several times, the last that matches counts
    #[arg(long, value_name = "RULE")]
    owner: Vec<String>,
    /// A file of such rules, as lines of PATTERN @OWNER…
    #[arg(long, value_name = "FILE")]
    owners: Option<PathBuf>,
    /// How many other ways into the problem are shown as small clips
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=12))]
    ways: u16,
    /// Make no clips, and no picture of the chart: no browser is needed then
    #[arg(long)]
    no_clips: bool,
    /// Where clips and chart will be reached: documents name them by this address
    #[arg(long, value_name = "URL")]
    media_url: Option<String>,
    #[command(flatten)]
    browser: BrowserArgs,
    /// How many browsers work at once [default: as many as there are cores, 8 at most]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64), help_heading = "Browser")]
    jobs: Option<u8>,
}

/// What was made. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Made<'a> {
    output: &'a Path,
    group: &'a str,
    title: &'a str,
    users: usize,
    sessions: usize,
    /// Clips and chart.
    files: Vec<PathBuf>,
    /// Sections that were left as a person had changed them.
    kept: &'a [String],
    /// Sections that a person had taken out.
    left_out: &'a [String],
}

/// A clip of a session.
struct Clip {
    picked: Picked,
    manifest: Option<Manifest>,
    path: PathBuf,
}

pub(crate) fn run(args: &PostmortemArgs, console: &Console) -> Done {
    let format = format(&args.output)?;
    let owners = owners(args)?;
    let existing = existing(&args.output, format)?;
    let interrupt = Interrupt::listen()?;
    let (scan, filter) = args.set.scan(console)?;
    let groups = scan.groups(&filter);
    let group = match &args.group {
        Some(wanted) => chosen(&groups, wanted)?,
        None => worst(&groups, console)?,
    };
    let figures = Figures::of(&scan, &filter, &groups, group);
    let options = PickOptions {
        count: 1 + usize::from(args.ways),
        diverse: true,
        ..PickOptions::default()
    };
    let folder = folder(&args.output);
    std::fs::create_dir_all(&folder).map_err(|error| cannot(&folder, error))?;
    let mut clips: Vec<Clip> = Vec::new();
    for (at, picked) in pick(&scan, group, &options).into_iter().enumerate() {
        let name = if at == 0 {
            "clip.gif".to_owned()
        } else {
            format!("way-{}.gif", at + 1)
        };
        let path = folder.join(name);
        let manifest = match args.no_clips {
            true => None,
            false => Some(clip(args, &scan, &picked, at == 0, &path, (console, &interrupt))?),
        };
        clips.push(Clip {
            picked,
            manifest,
            path,
        });
    }
    let svg = chart(&figures);
    let chart_path = folder.join("impact.svg");
    write_file(&chart_path, svg.as_bytes())?;
    let evidence_path = folder.join("figures.json");
    let told = format!("{:#}\n", evidence(&scan, &filter, group, &figures));
    write_file(&evidence_path, told.as_bytes())?;
    let mut files: Vec<PathBuf> = clips
        .iter()
        .filter(|clip| clip.manifest.is_some())
        .map(|clip| clip.path.clone())
        .collect();
    files.extend([chart_path.clone(), evidence_path.clone()]);
    let mut picture = chart_path;
    let (mut board, mut beside) = (None, None);
    if let (false, Some(first)) = (args.no_clips, clips.first()) {
        let png = folder.join("impact.png");
        write_file(&png, &draw(args, &svg)?)?;
        files.push(png.clone());
        // Notebooks show SVG attachments nowhere, and Datadog takes no SVG.
        if matches!(format, DocumentFormat::Notebook | DocumentFormat::Datadog) {
            picture = png;
        }
        board = Some(story(args, &scan, &first.picked, &folder)?);
        beside = side_by_side(
            args,
            (&scan, group),
            &first.picked,
            &folder,
            (console, &interrupt),
        )?;
        files.extend(board.iter().map(|board| board.path.clone()));
        files.extend(beside.iter().map(|beside| beside.drawn.path.clone()));
    }
    let place = Place {
        format,
        output: &args.output,
        media_url: args.media_url.as_deref(),
    };
    let chart_picture = Drawn {
        path: picture,
        size: CHART,
    };
    let chart_still = place.still(&chart_picture)?;
    let board_still = board.as_ref().map(|board| place.still(board)).transpose()?;
    let beside_still = beside
        .as_ref()
        .map(|beside| place.still(&beside.drawn))
        .transpose()?;
    let srcs: Vec<String> = clips
        .iter()
        .map(|clip| match clip.manifest {
            Some(_) => place.src(&clip.path),
            None => Ok(String::new()),
        })
        .collect::<Result<_, _>>()?;
    let shown: Vec<Shown<'_>> = clips
        .iter()
        .zip(&srcs)
        .map(|(clip, src)| Shown {
            picked: &clip.picked,
            manifest: clip.manifest.as_ref(),
            src,
        })
        .collect();
    let evidence_name = place.file(&evidence_path);
    let told = sections(&Sources {
        scan: &scan,
        filter: &filter,
        group,
        figures: &figures,
        shown: &shown,
        storyboard: board_still.as_ref().map(Placed::still),
        beside: beside_still
            .as_ref()
            .zip(beside.as_ref())
            .map(|(clip, beside)| BesideHealthy {
                clip: clip.still(),
                step: &beside.step,
                healthy: &beside.healthy,
            }),
        owners: &owners,
        chart: Some(chart_still.still()),
        evidence: Some(&evidence_name),
    });
    let media: Vec<Media> = match format {
        DocumentFormat::Notebook => clips
            .iter()
            .filter(|clip| clip.manifest.is_some())
            .map(|clip| &clip.path)
            .chain([&chart_picture.path])
            .chain(board.iter().map(|board| &board.path))
            .chain(beside.iter().map(|beside| &beside.drawn.path))
            .map(|path| media(path))
            .collect::<Result<_, _>>()?,
        _ => Vec::new(),
    };
    let merged = write(format, &told, &media, existing.as_deref())
        .map_err(|error| Failure::message(Status::Usage, format!("{}: {error}", args.output.display())))?;
    write_file(&args.output, merged.text.as_bytes())?;
    for name in &merged.kept {
        console.note(&format!(
            "the section ‘{name}’ was changed by hand and is left as it was"
        ));
    }
    for name in &merged.left_out {
        console.note(&format!(
            "the section ‘{name}’ was taken out by hand and stays out"
        ));
    }
    let made = Made {
        output: &args.output,
        group: &group.id,
        title: &group.title,
        users: group.users,
        sessions: group.sessions,
        files,
        kept: &merged.kept,
        left_out: &merged.left_out,
    };
    console.finished(&made, false, || {
        format!(
            "{}: {}, met by {} users in {} sessions",
            args.output.display(),
            shown_title(group),
            group.affected(),
            group.sessions
        )
    })
}

fn shown_title(group: &Group) -> String {
    shown(&group.title, 80)
}

/// The error that affects most users; any problem if there is no error.
fn worst<'g>(groups: &'g [Group], console: &Console) -> Result<&'g Group, Failure> {
    let group = groups
        .iter()
        .find(|group| group.kind == ProblemKind::Error)
        .or(groups.first())
        .ok_or_else(|| {
            Failure::message(
                Status::Input,
                "nothing went wrong in these recordings, as far as they tell",
            )
        })?;
    console.note(&format!(
        "without --group, this is about what affects most users: {} ({})",
        shown(&group.title, 80),
        group.id
    ));
    Ok(group)
}

fn format(output: &Path) -> Result<DocumentFormat, Failure> {
    let extension = output
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    match extension.as_str() {
        "md" | "markdown" => Ok(DocumentFormat::Markdown),
        "html" | "htm" => Ok(DocumentFormat::Html),
        "ipynb" => Ok(DocumentFormat::Notebook),
        "json" => Ok(DocumentFormat::Datadog),
        _ => Err(Failure::message(
            Status::Usage,
            format!(
                "{} names no kind of document: end it in .md, .html, .ipynb or .json",
                output.display()
            ),
        )),
    }
}

/// The document that is there; it is read before anything else is done, and only if it is one of ours.
fn existing(output: &Path, format: DocumentFormat) -> Result<Option<String>, Failure> {
    let text = match std::fs::read_to_string(output) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(output, error)),
    };
    let ours = match format {
        DocumentFormat::Datadog => text.contains("\"notebooks\""),
        _ => text.contains("domreel"),
    };
    if text.trim().is_empty() {
        return Ok(None);
    }
    if !ours {
        return Err(Failure::message(
            Status::Usage,
            format!(
                "{} is there already and was not written by domreel: give another name",
                output.display()
            ),
        ));
    }
    Ok(Some(text))
}

fn owners(args: &PostmortemArgs) -> Result<Owners, Failure> {
    let usage = |error| Failure::new(Status::Usage, anyhow::Error::new(error));
    let mut owners = match &args.owners {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let error = anyhow::Error::new(error).context(format!("cannot read {}", path.display()));
                Failure::new(Status::Input, error)
            })?;
            Owners::parse(&text).map_err(usage)?
        }
        None => Owners::default(),
    };
    for rule in &args.owner {
        owners.add(rule).map_err(usage)?;
    }
    Ok(owners)
}

/// Where clips and chart go: `pm-files` beside `pm.md`.
fn folder(output: &Path) -> PathBuf {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}-files"))
}

fn cannot(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(
        Status::Output,
        anyhow::Error::new(error).context(path.display().to_string()),
    )
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// How a document names its pictures.
struct Place<'a> {
    format: DocumentFormat,
    output: &'a Path,
    media_url: Option<&'a str>,
}

/// A picture with its name and place in the document.
struct Placed {
    file: String,
    src: String,
    size: (u32, u32),
}

impl Placed {
    fn still(&self) -> Still<'_> {
        Still {
            file: &self.file,
            src: &self.src,
            size: self.size,
        }
    }
}

impl Place<'_> {
    fn still(&self, drawn: &Drawn) -> Result<Placed, Failure> {
        Ok(Placed {
            file: name_of(&drawn.path),
            src: self.src(&drawn.path)?,
            size: drawn.size,
        })
    }

    /// A file that the document does not show, as it names it.
    fn file(&self, path: &Path) -> String {
        match self.media_url {
            Some(url) => format!("{}/{}", url.trim_end_matches('/'), relative_url(&name_of(path))),
            None => format!("{}/{}", name_of(&folder(self.output)), name_of(path)),
        }
    }

    fn src(&self, path: &Path) -> Result<String, Failure> {
        let name = relative_url(&name_of(path));
        if let Some(url) = self.media_url {
            return Ok(format!("{}/{name}", url.trim_end_matches('/')));
        }
        Ok(match self.format {
            DocumentFormat::Markdown => {
                let folder = relative_url(&name_of(&folder(self.output)));
                format!("{folder}/{name}")
            }
            DocumentFormat::Html => {
                let media = media(path)?;
                format!("data:{};base64,{}", media.media_type, media.base64)
            }
            DocumentFormat::Notebook => format!("attachment:{name}"),
            DocumentFormat::Datadog => name,
        })
    }
}

fn media(path: &Path) -> Result<Media, Failure> {
    let bytes = std::fs::read(path).map_err(|error| cannot(path, error))?;
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Media {
        name: name_of(path),
        media_type: match extension.as_str() {
            "svg" => "image/svg+xml",
            "png" => "image/png",
            _ => "image/gif",
        }
        .to_owned(),
        base64: STANDARD.encode(bytes),
    })
}
