//! All that a recording can try, shown by both ways of capture, while somebody listens.

use domreel::stage::Without;

use super::canary::Canary;
use super::{BOTH, looked_up, open, read_events, recording, show, steps, untouched};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_and_nothing_leaves() {
    let canary = Canary::new();
    let hostile = read_events(&recording::events(canary.port));
    let directory = tempfile::tempdir().unwrap();
    for method in BOTH {
        let log = directory.path().join(format!("{method:?}.json"));
        let without = Without {
            net_log: Some(log.clone()),
            ..Without::default()
        };
        let mut stage = open(method, &without).await;
        let marks = show(&mut stage, &steps(&hostile)).await;
        drop(stage);
        assert_eq!(marks, untouched(), "{method:?}");
        assert_eq!(canary.heard(), Vec::<String>::new(), "{method:?}");
        assert!(
            log.metadata().is_ok_and(|log| log.len() > 0),
            "the browser wrote no log"
        );
        assert!(
            !looked_up(&log, recording::NAMES),
            "{method:?}: a name was looked up"
        );
    }
}
