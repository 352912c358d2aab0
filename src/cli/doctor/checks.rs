//! The checks: each tries the real thing.

use domreel::limits::{Limit, Limits};
use domreel::stage::{
    BrowserChoice, BrowserOptions, CaptureMethod, InstallPlan, Stage, StageError, StageOptions,
    browser_version, is_root,
};
use serde::Deserialize;

use super::super::browser::{BrowserArgs, capture_name};
use super::{Diagnosis, State};

/// Finds out which scripts have glyphs.
const FONTS_SCRIPT: &str = include_str!("../../../assets/fonts.js");

/// The page that is drawn to try the capture, in CSS pixels.
const SIZE: (u32, u32) = (160, 120);

/// Colour of that page.
const COLOUR: [u8; 3] = [0x24, 0x68, 0xac];

/// What a piece of text looks like here.
#[derive(Debug, Deserialize)]
struct Glyphs {
    /// Name of the script.
    name: String,
    /// There are glyphs for it.
    drawn: bool,
}

/// Looks at everything. Takes as long as starting a browser, twice at most.
pub(super) async fn examine(args: &BrowserArgs) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let choice = args.choice();
    let Some(browser) = find(&mut diagnosis, &choice).await else {
        return diagnosis;
    };
    let options = StageOptions {
        browser,
        capture: args.capture(),
        width: SIZE.0,
        height: SIZE.1,
        still: false,
    };
    let Some(mut stage) = open(&mut diagnosis, options).await else {
        return diagnosis;
    };
    capture(&mut diagnosis, &mut stage).await;
    fonts(&mut diagnosis, &stage).await;
    diagnosis.ok = diagnosis.checks.iter().all(|check| check.state != State::Problem);
    diagnosis
}

/// Which browser there is.
async fn find(diagnosis: &mut Diagnosis, choice: &BrowserChoice) -> Option<BrowserOptions> {
    let program = match choice.find() {
        Ok(program) => program,
        Err(StageError::NoBrowser { install }) => {
            let found = "no Chromium or Chrome is found";
            diagnosis.no_browser = true;
            diagnosis.add("browser", State::Problem, found, Some(install));
            return None;
        }
        Err(error) => {
            diagnosis.add("browser", State::Problem, error.to_string(), None);
            return None;
        }
    };
    diagnosis.browser = Some(program.clone());
    let found = program.display().to_string();
    diagnosis.add("browser", State::Good, found, None);
    let limits = Limits::default();
    match browser_version(&program, limits.time(Limit::BrowserStart)).await {
        Ok(version) => {
            diagnosis.add("version", State::Good, version.clone(), None);
            diagnosis.version = Some(version);
        }
        Err(error) => diagnosis.add("version", State::Warning, error.to_string(), None),
    }
    Some(BrowserOptions {
        program,
        no_sandbox: choice.no_sandbox,
        scale: 1.0,
        limits,
    })
}

/// Starts it; without its sandbox when that is what it fails on, to find out about the rest. Nothing
/// recorded is shown here.
async fn open(diagnosis: &mut Diagnosis, mut options: StageOptions) -> Option<Stage> {
    let as_asked = if is_root() && !options.browser.no_sandbox {
        Err(StageError::SandboxAsRoot)
    } else {
        Stage::open(&options).await
    };
    let opened = match as_asked {
        Err(error @ (StageError::SandboxAsRoot | StageError::NoSandbox)) => {
            diagnosis.sandbox = Some("unavailable");
            diagnosis.add("sandbox", State::Problem, error.to_string(), None);
            options.browser.no_sandbox = true;
            Stage::open(&options).await
        }
        Ok(stage) if options.browser.no_sandbox => {
            diagnosis.sandbox = Some("off");
            let advice =
                (!is_root()).then(|| "leave --no-sandbox and DOMREEL_NO_SANDBOX out to switch it on".into());
            diagnosis.add("sandbox", State::Warning, "switched off, as asked", advice);
            Ok(stage)
        }
        Ok(stage) => {
            diagnosis.sandbox = Some("on");
            diagnosis.add("sandbox", State::Good, "on", None);
            Ok(stage)
        }
        Err(error) => Err(error),
    };
    match opened {
        Ok(stage) => Some(stage),
        Err(error) => {
            let advice = "start it by hand with --headless --version to see what it lacks, or name another \
                          one with --browser";
            diagnosis.add("start", State::Problem, error.to_string(), Some(advice.into()));
            None
        }
    }
}

/// Takes a picture of a page with one colour and looks whether it came out.
async fn capture(diagnosis: &mut Diagnosis, stage: &mut Stage) {
    let [r, g, b] = COLOUR;
    let paint = format!("document.documentElement.style.background = 'rgb({r},{g},{b})'; null");
    let picture = match stage.evaluate(paint).await {
        Ok(_) => stage.shot().await,
        Err(error) => Err(error),
    };
    let method = stage.capture_method();
    match picture {
        Ok(picture)
            if (picture.width, picture.height) == SIZE
                && picture.data.chunks(4).all(|pixel| pixel.starts_with(&COLOUR)) =>
        {
            diagnosis.capture = Some(capture_name(method));
            let (found, advice) = match method {
                CaptureMethod::BeginFrame => ("frames drawn on demand", None),
                CaptureMethod::Screenshot => (
                    "pictures of the screen (the same frames, more slowly)",
                    cfg!(target_os = "linux")
                        .then(|| "chromium-headless-shell draws frames on demand".to_owned()),
                ),
            };
            diagnosis.add("capture", State::Good, found, advice);
        }
        Ok(picture) => {
            let found = format!(
                "a page of one colour came out wrong ({}×{} pixels)",
                picture.width, picture.height
            );
            diagnosis.add(
                "capture",
                State::Problem,
                found,
                Some("try --capture screenshot".into()),
            );
        }
        Err(error) => diagnosis.add("capture", State::Problem, error.to_string(), None),
    }
}

/// Which scripts can be drawn.
async fn fonts(diagnosis: &mut Diagnosis, stage: &Stage) {
    let answer = stage.evaluate(FONTS_SCRIPT.to_owned()).await;
    let glyphs = answer.and_then(|value| {
        serde_json::from_value::<Vec<Glyphs>>(value).map_err(|error| StageError::Script {
            message: error.to_string(),
        })
    });
    let glyphs = match glyphs {
        Ok(glyphs) => glyphs,
        Err(error) => {
            diagnosis.add("fonts", State::Warning, error.to_string(), None);
            return;
        }
    };
    let (drawn, missing): (Vec<_>, Vec<_>) = glyphs.into_iter().partition(|glyphs| glyphs.drawn);
    let names = |list: Vec<Glyphs>| list.into_iter().map(|glyphs| glyphs.name).collect::<Vec<_>>();
    diagnosis.missing_fonts = names(missing);
    if diagnosis.missing_fonts.is_empty() {
        diagnosis.add("fonts", State::Good, names(drawn).join(", "), None);
    } else {
        let found = format!("none for {}", diagnosis.missing_fonts.join(", "));
        let plan = InstallPlan::for_this_system();
        let advice = if plan.steps().is_empty() {
            "install fonts such as Noto".to_owned()
        } else {
            format!("‘domreel doctor --install’ runs: {plan}")
        };
        diagnosis.add("fonts", State::Warning, found, Some(advice));
    }
}
