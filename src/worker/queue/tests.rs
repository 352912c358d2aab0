//! The queue's promises, on a database in memory.

use std::time::Duration;

use serde_json::{Map, json};

use super::*;
use crate::worker::job::{Class, JobError, JobSpec, Phase, Source};
use crate::worker::renderer::{Progress, Snapshot};

async fn queue() -> Queue {
    let policy = Policy {
        backoff: Duration::ZERO,
        lease: Duration::from_millis(200),
        ..Policy::default()
    };
    let queue = Queue::open("sqlite://:memory:", policy).await.unwrap();
    queue.register("a").await.unwrap();
    queue.register("b").await.unwrap();
    queue
}

fn submission(name: &str) -> Submission {
    Submission::new(JobSpec {
        source: Source::Stored(name.to_owned()),
        options: Map::new(),
    })
}

fn manifest() -> Manifest {
    Manifest {
        key: "k".to_owned(),
        renderer: "r".to_owned(),
        recording: "h".to_owned(),
        options: Map::new(),
        outputs: Vec::new(),
        report: json!({ "frames": 9 }),
    }
}

fn progress() -> Snapshot {
    let progress = Progress::default();
    progress.phase(Phase::Render);
    progress.frames(3, 0.25);
    progress.snapshot()
}

async fn submit(queue: &Queue, name: &str) -> JobId {
    queue.submit(submission(name), None).await.unwrap().job.id
}

/// Claims and begins a job.
async fn start(queue: &Queue, worker: &str) -> Claim {
    let mut claim = queue.claim(worker).await.unwrap().expect("a due job");
    assert_eq!(queue.begin(&mut claim).await.unwrap(), Beat::Held);
    claim
}

#[tokio::test]
async fn a_job_goes_to_one_worker_and_is_done_once() {
    let queue = queue().await;
    let id = submit(&queue, "one").await;
    let claim = start(&queue, "a").await;
    assert_eq!(claim.job.id, id);
    assert_eq!(claim.job.attempts, 1);
    assert_eq!(queue.claim("b").await.unwrap(), None);
    assert_eq!(queue.beat(&claim, progress()).await.unwrap(), Beat::Held);
    let seen = queue.get(&id).await.unwrap();
    assert_eq!((seen.state, seen.phase), (State::Running, Some(Phase::Render)));
    assert_eq!((seen.frames, seen.progress), (3, 0.25));
    assert_eq!(
        queue.finish(&claim, &manifest(), false).await.unwrap(),
        Settled::Done
    );
    assert_eq!(
        queue.finish(&claim, &manifest(), false).await.unwrap(),
        Settled::Lost
    );
    let done = queue.get(&id).await.unwrap();
    assert_eq!((done.state, done.frames, done.progress), (State::Done, 9, 1.0));
    assert_eq!(queue.claim("a").await.unwrap(), None);
}

#[tokio::test]
async fn more_urgent_jobs_come_first_and_later_ones_wait() {
    let queue = queue().await;
    submit(&queue, "normal").await;
    let urgent = Submission {
        priority: 90,
        ..submission("urgent")
    };
    queue.submit(urgent, None).await.unwrap();
    let later = Submission {
        priority: 100,
        delay_ms: 3_600_000,
        ..submission("later")
    };
    queue.submit(later, None).await.unwrap();
    let mut names = Vec::new();
    while let Some(claim) = queue.claim("a").await.unwrap() {
        names.push(claim.job.spec.source);
    }
    let expected = ["urgent", "normal"].map(|name| Source::Stored(name.to_owned()));
    assert_eq!(names, expected);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.due, depth.waiting, depth.running), (0, 1, 2));
}

#[tokio::test]
async fn the_same_key_is_the_same_job() {
    let queue = queue().await;
    let keyed = |name: &str| Submission {
        idempotency_key: Some("ticket-7".to_owned()),
        ..submission(name)
    };
    let first = queue.submit(keyed("one"), None).await.unwrap();
    let second = queue.submit(keyed("one"), None).await.unwrap();
    assert!(first.created && !second.created);
    assert_eq!(first.job.id, second.job.id);
    let other = queue.submit(keyed("two"), None).await.unwrap_err();
    assert!(matches!(other, QueueError::Conflict(_, id) if id == first.job.id));
    let empty = Submission {
        idempotency_key: Some(String::new()),
        ..submission("one")
    };
    assert!(matches!(queue.submit(empty, None).await, Err(QueueError::Key)));
    assert_eq!(queue.list(&Filter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_in_the_store_is_done_at_once() {
    let queue = queue().await;
    let submitted = queue.submit(submission("one"), Some(&manifest())).await.unwrap();
    assert_eq!(submitted.job.state, State::Done);
    assert!(submitted.job.from_store && submitted.job.manifest.is_some());
    assert_eq!(queue.claim("a").await.unwrap(), None);
}

#[tokio::test]
async fn failures_are_tried_again_and_then_buried_with_their_reason() {
    let queue = queue().await;
    let id = submit(&queue, "one").await;
    let flaky = JobError::retryable(Class::Browser, "the browser died");
    for attempt in 1..queue.policy().max_attempts {
        let claim = start(&queue, "a").await;
        assert_eq!(claim.job.attempts, attempt);
        let settled = queue.fail(&claim, flaky.clone()).await.unwrap();
        assert!(matches!(settled, Settled::Again(_)), "{settled:?}");
    }
    let claim = start(&queue, "b").await;
    assert!(matches!(
        queue.fail(&claim, flaky).await.unwrap(),
        Settled::Dead(_)
    ));
    let dead = queue.get(&id).await.unwrap();
    assert_eq!(dead.state, State::Dead);
    assert!(dead.failure.unwrap().message.contains("the browser died"));
    assert_eq!(queue.claim("a").await.unwrap(), None);

    queue.retry(&id).await.unwrap();
    let claim = start(&queue, "a").await;
    assert_eq!(claim.job.attempts, 1);
    queue.finish(&claim, &manifest(), false).await.unwrap();
    let refused = queue.retry(&id).await.unwrap_err();
    assert!(matches!(refused, QueueError::State(..)), "{refused}");
}

#[tokio::test]
async fn a_silent_workers_job_goes_to_another_and_the_first_is_turned_away() {
    let queue = queue().await;
    let id = submit(&queue, "one").await;
    let claim = start(&queue, "a").await;
    let mut lost = Lost::default();
    assert_eq!(queue.take_over(&mut lost).await.unwrap(), []);
    // A sign of life, however late, starts the silence anew.
    tokio::time::sleep(queue.policy().silence()).await;
    queue.beat(&claim, progress()).await.unwrap();
    assert_eq!(queue.take_over(&mut lost).await.unwrap(), []);
    tokio::time::sleep(queue.policy().silence()).await;
    let taken = queue.take_over(&mut lost).await.unwrap();
    assert!(
        matches!(&taken[..], [(job, Settled::Again(_))] if *job == id),
        "{taken:?}"
    );

    assert_eq!(queue.beat(&claim, progress()).await.unwrap(), Beat::Lost);
    let second = start(&queue, "b").await;
    assert!(second.is_suspect());
    assert_eq!((second.job.attempts, second.job.crashes), (2, 1));
    assert_eq!(
        queue.finish(&claim, &manifest(), false).await.unwrap(),
        Settled::Lost
    );
    assert_eq!(queue.hand_back(&claim).await.unwrap(), Settled::Lost);
    assert_eq!(queue.beat(&second, progress()).await.unwrap(), Beat::Held);

    // The second death is one too many.
    let mut lost = Lost::default();
    queue.take_over(&mut lost).await.unwrap();
    tokio::time::sleep(queue.policy().silence()).await;
    let taken = queue.take_over(&mut lost).await.unwrap();
    assert!(matches!(&taken[..], [(_, Settled::Dead(_))]), "{taken:?}");
    let dead = queue.get(&id).await.unwrap();
    assert_eq!((dead.state, dead.crashes), (State::Dead, 2));
    assert_eq!(dead.failure.unwrap().class, Class::WorkerLost);
}

#[tokio::test]
async fn a_job_that_had_not_begun_does_not_answer_for_its_worker() {
    let queue = queue().await;
    let id = submit(&queue, "one").await;
    queue.claim("a").await.unwrap().unwrap();
    let mut lost = Lost::default();
    queue.take_over(&mut lost).await.unwrap();
    tokio::time::sleep(queue.policy().silence()).await;
    queue.take_over(&mut lost).await.unwrap();
    let job = queue.get(&id).await.unwrap();
    assert_eq!((job.state, job.attempts, job.crashes), (State::Queued, 0, 0));
}

#[tokio::test]
async fn what_is_handed_back_has_lost_no_attempt() {
    let queue = queue().await;
    let id = submit(&queue, "one").await;
    let claim = start(&queue, "a").await;
    queue.hand_back(&claim).await.unwrap();
    let job = queue.get(&id).await.unwrap();
    assert_eq!((job.state, job.attempts, job.failure), (State::Queued, 0, None));
    assert_eq!(start(&queue, "b").await.job.attempts, 1);
}

#[tokio::test]
async fn a_job_can_be_called_off_before_and_while_it_runs() {
    let queue = queue().await;
    let waiting = submit(&queue, "one").await;
    assert_eq!(queue.cancel(&waiting).await.unwrap().state, State::Canceled);
    assert_eq!(queue.claim("a").await.unwrap(), None);

    let running = submit(&queue, "two").await;
    let claim = start(&queue, "a").await;
    assert_eq!(queue.cancel(&running).await.unwrap().state, State::Running);
    assert_eq!(queue.beat(&claim, progress()).await.unwrap(), Beat::Cancel);
    assert_eq!(queue.finish_canceled(&claim).await.unwrap(), Settled::Canceled);

    let failing = submit(&queue, "three").await;
    let claim = start(&queue, "a").await;
    queue.cancel(&failing).await.unwrap();
    let error = JobError::retryable(Class::Browser, "killed");
    assert_eq!(queue.fail(&claim, error).await.unwrap(), Settled::Canceled);

    let done = submit(&queue, "four").await;
    let claim = start(&queue, "a").await;
    queue.finish(&claim, &manifest(), false).await.unwrap();
    assert!(matches!(queue.cancel(&done).await, Err(QueueError::State(..))));
    let nobody = JobId::generate();
    assert!(matches!(queue.cancel(&nobody).await, Err(QueueError::NoJob(id)) if id == nobody));
}

#[tokio::test]
async fn lists_are_newest_first_and_can_be_paged() {
    let queue = queue().await;
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(submit(&queue, name).await);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    queue.cancel(&ids[1]).await.unwrap();
    let listed = |filter: Filter| {
        let queue = queue.clone();
        async move {
            let jobs = queue.list(&filter).await.unwrap();
            jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
        }
    };
    let page = Filter {
        limit: 2,
        ..Filter::default()
    };
    assert_eq!(listed(page.clone()).await, [ids[2].clone(), ids[1].clone()]);
    let next = Filter {
        before: Some(ids[1].clone()),
        ..page
    };
    assert_eq!(listed(next).await, [ids[0].clone()]);
    let canceled = Filter {
        state: Some(State::Canceled),
        ..Filter::default()
    };
    assert_eq!(listed(canceled).await, [ids[1].clone()]);
}

#[tokio::test]
async fn finished_jobs_can_be_forgotten() {
    let queue = queue().await;
    let done = submit(&queue, "one").await;
    let claim = start(&queue, "a").await;
    queue.finish(&claim, &manifest(), false).await.unwrap();
    let waiting = submit(&queue, "two").await;
    assert_eq!(queue.prune(3_600_000).await.unwrap(), 0);
    assert_eq!(queue.prune(0).await.unwrap(), 1);
    assert!(matches!(queue.get(&done).await, Err(QueueError::NoJob(_))));
    assert_eq!(start(&queue, "a").await.job.id, waiting);
}

#[tokio::test]
async fn urls_say_what_is_wrong_with_them() {
    for url in ["jobs.db", "redis://localhost", "sqlite:///dev/null/x.db"] {
        let error = Queue::open(url, Policy::default()).await.unwrap_err().to_string();
        assert!(error.contains(url), "{error}");
    }
}
