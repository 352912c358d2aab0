//! A renderer that does what the recording tells it to, and writes down what it did.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domreel::worker::job::{Class, JobError, JobSpec, Phase};
use domreel::worker::renderer::{Progress, Rendered, RenderedFile, Renderer};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What a fake recording asks for.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Script {
    name: String,
    frames: u64,
    frame_ms: u64,
    /// After the frames: `done`, `panic`, `abort`, `hang`, `deaf`, `browser`, `recording`, `large`.
    then: String,
    /// The attempts that do so; later ones are done.
    times: u64,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            name: String::new(),
            frames: 3,
            frame_ms: 5,
            then: "done".to_owned(),
            times: u64::MAX,
        }
    }
}

/// Writes a line to `log` when a render begins and when it ends.
pub(crate) struct Fake {
    pub(crate) log: PathBuf,
}

impl Fake {
    fn write(&self, line: &str) {
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        // One write, so that lines of several processes do not mix.
        log.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Renders of that recording that began and that ended well, by all processes.
    pub(crate) fn counts(log: &Path, name: &str) -> (usize, usize) {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let count = |what: &str| {
            text.lines()
                .filter(|line| *line == format!("{what} {name}"))
                .count()
        };
        (count("begin"), count("end"))
    }
}

impl Renderer for Fake {
    fn version(&self) -> String {
        "fake 1".to_owned()
    }

    fn check(&self, options: &Map<String, Value>) -> Result<(), JobError> {
        match options.keys().find(|name| *name != "note") {
            Some(name) => Err(JobError::fatal(Class::Option, format!("no option ‘{name}’"))),
            None => Ok(()),
        }
    }

    fn inspect(&self, input: &Path) -> Result<Value, JobError> {
        let bytes =
            std::fs::read(input).map_err(|error| JobError::retryable(Class::Storage, error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| JobError::fatal(Class::Recording, error.to_string()))
    }

    fn still(&self, _input: &Path, _options: &Map<String, Value>, _at_ms: f64) -> Result<Vec<u8>, JobError> {
        Err(JobError::fatal(Class::Internal, "no pictures here"))
    }

    fn render(
        &self,
        job: &JobSpec,
        input: &Path,
        out_dir: &Path,
        progress: &Progress,
    ) -> Result<Rendered, JobError> {
        let script: Script = serde_json::from_value(self.inspect(input)?)
            .map_err(|error| JobError::fatal(Class::Recording, error.to_string()))?;
        self.write(&format!("begin {}", script.name));
        let (begun, _) = Fake::counts(&self.log, &script.name);
        progress.phase(Phase::Render);
        for frame in 1..=script.frames {
            std::thread::sleep(Duration::from_millis(script.frame_ms));
            progress.frames(frame, frame as f64 / script.frames as f64);
            if progress.stop().is_some() {
                return Err(JobError::retryable(Class::Internal, "stopped"));
            }
        }
        let file = out_dir.join("clip.txt");
        if begun as u64 <= script.times {
            match script.then.as_str() {
                "panic" => panic!("told to panic"),
                "abort" => std::process::abort(),
                "hang" => {
                    while progress.stop().is_none() {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
                "deaf" => loop {
                    std::thread::sleep(Duration::from_secs(3600));
                },
                "browser" => {
                    return Err(JobError::retryable(Class::Browser, "the browser was killed"));
                }
                "recording" => {
                    return Err(JobError::fatal(Class::Recording, "event 3 has no type"));
                }
                "large" => std::fs::write(out_dir.join("large"), vec![0; 4 << 20])
                    .map_err(|error| JobError::retryable(Class::Storage, error.to_string()))?,
                _ => {}
            }
        }
        std::fs::write(
            &file,
            format!("{} {:?} {}", script.name, job.options, script.frames),
        )
        .map_err(|error| JobError::retryable(Class::Storage, error.to_string()))?;
        self.write(&format!("end {}", script.name));
        Ok(Rendered {
            files: vec![RenderedFile {
                name: "clip.txt".to_owned(),
                media_type: "text/plain".to_owned(),
            }],
            report: json!({ "frames": script.frames }),
        })
    }
}
