//! The worker's promises, held against real processes on both engines: SQLite always, PostgreSQL
//! where it is installed.

mod fake;

mod clips;
mod promises;
mod scene;
mod server;

use clips::*;
use promises::*;
use scene::Scene;

/// Not a test: what the tests start as a worker.
#[test]
#[ignore = "started by the other tests"]
fn worker_process() {
    if std::env::var_os("WORKER_QUEUE").is_none() {
        return;
    }
    let code = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(scene::worker_process());
    std::process::exit(code);
}

/// One module for each engine, one test for each promise.
macro_rules! conformance {
    ($($promise:ident)*) => {
        conformance!(@engine sqlite $($promise)*);
        conformance!(@engine postgres $($promise)*);
    };
    (@engine $engine:ident $($promise:ident)*) => {
        mod $engine {
            $(
                #[test]
                fn $promise() {
                    super::run(super::Scene::$engine(), super::$promise);
                }
            )*
        }
    };
}

conformance! {
    killed_worker
    killed_worker_restarted
    poison
    panic_in_renderer
    killed_browser
    bad_recording
    hung_page
    deaf_renderer
    deadline
    double_submission
    cancel
    drain
    frozen_worker
    hundred_jobs
    priorities_and_delays
    little_memory
    clock_off
    full_disk
    database_away
    killed_worker_of_a_clip
    killed_browser_of_a_clip
    stopped_browser_of_a_clip
}

fn run<F: Future<Output = ()>>(scene: impl Future<Output = Option<Scene>>, promise: impl FnOnce(Scene) -> F) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if let Some(scene) = scene.await {
            promise(scene).await;
        }
    });
}
