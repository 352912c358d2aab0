//! What is promised, on whichever engine. Every test ends with each job done exactly once, or a dead
//! letter with its reason.

use std::time::{Duration, Instant};

use domreel::worker::job::{Class, Job, State, Submission};
use rustix::process::Signal;
use serde_json::json;

use crate::scene::{EXHAUSTED, Engine, Scene, policy, script};

fn reason(job: &Job) -> (Class, &str) {
    let failure = job.failure.as_ref().unwrap();
    (failure.class, &failure.message)
}

pub(crate) async fn killed_worker(scene: Scene) {
    let mut first = scene.worker();
    let id = scene
        .submit(script("long", json!({"frames": 400, "frame_ms": 20})))
        .await;
    scene.until_rendering(&id, "long").await;
    let _second = scene.worker();
    // Long enough for the second worker to have seen the first alive.
    tokio::time::sleep(policy().beat() * 2).await;
    let killed = Instant::now();
    first.kill();
    let again = scene.until(&id, |job| job.attempts == 2).await;
    let taken = killed.elapsed();
    let bound = policy().lease + Duration::from_secs(2);
    assert!(
        taken < bound,
        "taken over after {taken:?}, lease {:?}",
        policy().lease
    );
    assert_eq!(again.crashes, 1);
    let done = scene.until_state(&id, State::Done).await;
    assert_eq!(scene.counts("long"), (2, 1));
    assert!(scene.clip(&done).await.starts_with("long"));
    assert_eq!(done.frames, 400);
}

pub(crate) async fn killed_worker_restarted(scene: Scene) {
    let id = scene
        .submit(script("one", json!({"frames": 100, "frame_ms": 20})))
        .await;
    let mut first = scene.worker();
    scene.until_rendering(&id, "one").await;
    first.kill();
    // What it worked on lies about; its successor clears it away.
    let left = || std::fs::read_dir(scene.path("work")).unwrap().count();
    assert_eq!(left(), 1);
    let _again = scene.worker();
    let done = scene.until_state(&id, State::Done).await;
    assert_eq!((done.attempts, done.crashes), (2, 1));
    assert_eq!(left(), 0);
}

pub(crate) async fn poison(scene: Scene) {
    // It takes its neighbours' workers with it, but not the neighbours.
    let id = scene
        .submit(script("poison", json!({"then": "abort", "frame_ms": 100})))
        .await;
    let mut innocent = Vec::new();
    for number in 0..6 {
        let name = format!("innocent-{number}");
        innocent.push(
            scene
                .submit(script(&name, json!({"frames": 20, "frame_ms": 20})))
                .await,
        );
    }
    let mut worker = scene.worker_with(&[("WORKER_CONCURRENCY", "4")]);
    let mut deaths = 0;
    let jobs = loop {
        if let Ok(jobs) = tokio::time::timeout(Duration::from_millis(200), scene.until_all_final()).await {
            break jobs;
        }
        if tokio::time::timeout(Duration::from_millis(10), worker.ended())
            .await
            .is_ok()
        {
            deaths += 1;
            assert!(deaths < 5, "it goes round and round");
            worker = scene.worker_with(&[("WORKER_CONCURRENCY", "4")]);
        }
    };
    assert_eq!(scene.counts("poison").0, 2);
    let poison = scene.until_state(&id, State::Dead).await;
    let (class, message) = reason(&poison);
    assert_eq!(class, Class::WorkerLost);
    assert!(message.contains("2 attempts"), "{message}");
    assert_eq!(
        jobs.iter().filter(|job| job.state == State::Done).count(),
        innocent.len()
    );
    for id in &innocent {
        scene.until_state(id, State::Done).await;
    }
}

pub(crate) async fn panic_in_renderer(scene: Scene) {
    let _worker = scene.worker();
    let id = scene.submit(script("panic", json!({"then": "panic"}))).await;
    let once = scene
        .submit(script("once", json!({"then": "panic", "times": 1})))
        .await;
    let dead = scene.until_state(&id, State::Dead).await;
    let (class, message) = reason(&dead);
    assert_eq!(class, Class::Panic);
    assert!(message.contains("told to panic"), "{message}");
    assert_eq!(scene.counts("panic").0, 2);
    let done = scene.until_state(&once, State::Done).await;
    assert_eq!((done.attempts, done.failure), (2, None));
}

pub(crate) async fn killed_browser(scene: Scene) {
    let _worker = scene.worker();
    let twice = scene
        .submit(script("twice", json!({"then": "browser", "times": 2})))
        .await;
    let always = scene.submit(script("always", json!({"then": "browser"}))).await;
    let done = scene.until_state(&twice, State::Done).await;
    assert_eq!(done.attempts, 3);
    let dead = scene.until_state(&always, State::Dead).await;
    assert_eq!(dead.attempts, policy().max_attempts);
    let (class, message) = reason(&dead);
    assert_eq!(class, Class::Browser);
    assert!(message.contains("killed"), "{message}");
}

pub(crate) async fn bad_recording(scene: Scene) {
    let _worker = scene.worker();
    let id = scene.submit(script("bad", json!({"then": "recording"}))).await;
    let dead = scene.until_state(&id, State::Dead).await;
    assert_eq!(dead.attempts, 1);
    assert_eq!(reason(&dead), (Class::Recording, "event 3 has no type"));
    let mut submission = scene.submission(script("option", json!({}))).await;
    submission.spec.options.insert("colour".to_owned(), json!("red"));
    let id = scene.queue.submit(submission, None).await.unwrap().job.id;
    let dead = scene.until_state(&id, State::Dead).await;
    assert_eq!(reason(&dead).0, Class::Option);
}

pub(crate) async fn hung_page(scene: Scene) {
    let _worker = scene.worker_with(&[("WORKER_STALL_MS", "300")]);
    let id = scene
        .submit(script("hang", json!({"then": "hang", "times": 1})))
        .await;
    let done = scene.until_state(&id, State::Done).await;
    assert_eq!((done.attempts, done.crashes), (2, 0));
    let id = scene.submit(script("hangs", json!({"then": "hang"}))).await;
    let dead = scene.until_state(&id, State::Dead).await;
    assert_eq!(reason(&dead).0, Class::Stalled);
}

pub(crate) async fn deaf_renderer(scene: Scene) {
    // One that does not even stop when told to: its worker ends once no place is left.
    let mut worker = scene.worker_with(&[("WORKER_STALL_MS", "300"), ("WORKER_GRACE_MS", "100")]);
    let id = scene
        .submit(script("deaf", json!({"then": "deaf", "times": 1})))
        .await;
    assert_eq!(worker.ended().await, Some(EXHAUSTED));
    let _next = scene.worker();
    let done = scene.until_state(&id, State::Done).await;
    assert_eq!(done.attempts, 2);
}

pub(crate) async fn deadline(scene: Scene) {
    let _worker = scene.worker_with(&[("WORKER_DEADLINE_MS", "300")]);
    let id = scene
        .submit(script("slow", json!({"frames": 10_000, "frame_ms": 10})))
        .await;
    let dead = scene.until_state(&id, State::Dead).await;
    assert_eq!(reason(&dead).0, Class::Deadline);
    assert_eq!(dead.attempts, 1);
}

pub(crate) async fn double_submission(scene: Scene) {
    let submission = Submission {
        idempotency_key: Some("ticket-7".to_owned()),
        ..scene.submission(script("same", json!({"frames": 20}))).await
    };
    let submitted = (0..8).map(|_| {
        let (queue, submission) = (scene.queue.clone(), submission.clone());
        tokio::spawn(async move { queue.submit(submission, None).await.unwrap() })
    });
    let mut submitted = futures::future::join_all(submitted)
        .await
        .into_iter()
        .map(Result::unwrap);
    let first = submitted.next().unwrap();
    let mut created = usize::from(first.created);
    for other in submitted {
        assert_eq!(other.job.id, first.job.id);
        created += usize::from(other.created);
    }
    assert_eq!(created, 1);
    // Without a key it is another job, but not another render.
    let _worker = scene.worker();
    scene.until_state(&first.job.id, State::Done).await;
    let again = scene.submit(script("same", json!({"frames": 20}))).await;
    let done = scene.until_state(&again, State::Done).await;
    assert!(done.from_store);
    assert_eq!(scene.counts("same"), (1, 1));
}

pub(crate) async fn cancel(scene: Scene) {
    let _worker = scene.worker();
    let running = scene
        .submit(script("running", json!({"frames": 10_000, "frame_ms": 20})))
        .await;
    let waiting = scene.submit(script("waiting", json!({}))).await;
    scene.until_rendering(&running, "running").await;
    scene.queue.cancel(&waiting).await.unwrap();
    scene.queue.cancel(&running).await.unwrap();
    let canceled = scene.until_state(&running, State::Canceled).await;
    assert_eq!(canceled.manifest, None);
    scene.until_state(&waiting, State::Canceled).await;
    // The worker is free again.
    let next = scene.submit(script("next", json!({}))).await;
    scene.until_state(&next, State::Done).await;
    assert_eq!(scene.counts("waiting"), (0, 0));
    // And what was called off can be taken up again.
    scene.queue.retry(&waiting).await.unwrap();
    scene.until_state(&waiting, State::Done).await;
}

pub(crate) async fn drain(scene: Scene) {
    // Enough grace: it finishes what it has, and takes nothing more.
    let mut worker = scene.worker();
    let running = scene
        .submit(script("running", json!({"frames": 30, "frame_ms": 20})))
        .await;
    scene.until_rendering(&running, "running").await;
    let waiting = scene.submit(script("waiting", json!({}))).await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().await, Some(0));
    scene.until_state(&running, State::Done).await;
    assert_eq!(scene.queue.get(&waiting).await.unwrap().state, State::Queued);

    // Too little: it hands back at once, and nothing is held against the job.
    let mut worker = scene.worker_with(&[("WORKER_GRACE_MS", "100")]);
    let long = scene
        .submit(script("long", json!({"frames": 200, "frame_ms": 20})))
        .await;
    scene.until_state(&waiting, State::Done).await;
    scene.until_rendering(&long, "long").await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().await, Some(0));
    let back = scene.queue.get(&long).await.unwrap();
    assert_eq!((back.state, back.attempts, back.crashes), (State::Queued, 0, 0));
    let _next = scene.worker();
    let done = scene.until_state(&long, State::Done).await;
    assert_eq!((done.attempts, scene.counts("long")), (1, (2, 1)));
}

pub(crate) async fn frozen_worker(scene: Scene) {
    // It is thought dead, and comes back when another has its job.
    let first = scene.worker();
    let id = scene
        .submit(script("one", json!({"frames": 60, "frame_ms": 20})))
        .await;
    scene.until_rendering(&id, "one").await;
    first.signal(Signal::STOP);
    let _second = scene.worker();
    scene.until(&id, |job| job.attempts == 2).await;
    first.signal(Signal::CONT);
    let done = scene.until_state(&id, State::Done).await;
    assert_eq!(done.attempts, 2);
    // The first is of use again.
    let mut more = Vec::new();
    for number in 0..4 {
        more.push(scene.submit(script(&format!("more-{number}"), json!({}))).await);
    }
    for id in &more {
        assert_eq!(scene.until_state(id, State::Done).await.attempts, 1);
    }
}

pub(crate) async fn hundred_jobs(scene: Scene) {
    let mut ids = Vec::new();
    for number in 0..100 {
        let name = format!("job-{number}");
        ids.push(
            scene
                .submit(script(&name, json!({"frames": 2, "frame_ms": 2})))
                .await,
        );
    }
    let _workers = [
        scene.worker_with(&[("WORKER_CONCURRENCY", "2")]),
        scene.worker_with(&[("WORKER_CONCURRENCY", "2")]),
    ];
    let jobs = scene.until_all_final().await;
    assert_eq!(jobs.len(), 100);
    for (number, id) in ids.iter().enumerate() {
        let job = scene.until_state(id, State::Done).await;
        assert_eq!(job.attempts, 1, "{job:#?}");
        assert_eq!(scene.counts(&format!("job-{number}")), (1, 1));
    }
    let mut workers: Vec<_> = jobs.iter().filter_map(|job| job.worker.clone()).collect();
    workers.sort();
    workers.dedup();
    assert_eq!(workers.len(), 2, "one worker had everything");
}

pub(crate) async fn little_memory(scene: Scene) {
    // While memory is short, a worker with free places takes no second job beside the first.
    let _worker = scene.worker_with(&[
        ("WORKER_CONCURRENCY", "3"),
        ("WORKER_MIN_MEMORY", &u64::MAX.to_string()),
    ]);
    for number in 0..5 {
        let name = format!("job-{number}");
        scene
            .submit(script(&name, json!({"frames": 10, "frame_ms": 20})))
            .await;
    }
    scene.until_all_final().await;
    let log = std::fs::read_to_string(scene.path("log")).unwrap();
    let steps: Vec<_> = log.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(steps.len(), 10, "{log}");
    assert!(steps.chunks(2).all(|pair| pair == ["begin", "end"]), "{log}");
}

pub(crate) async fn priorities_and_delays(scene: Scene) {
    let with = async |name: &str, priority: u8, delay_ms: u64| {
        let submission = Submission {
            priority,
            delay_ms,
            ..scene.submission(script(name, json!({}))).await
        };
        scene.queue.submit(submission, None).await.unwrap().job
    };
    let later = with("later", 100, 2500).await;
    for (name, priority) in [("low", 0), ("normal", 50), ("high", 100), ("normal-2", 50)] {
        with(name, priority, 0).await;
    }
    let _worker = scene.worker();
    scene.until_all_final().await;
    let log = std::fs::read_to_string(scene.path("log")).unwrap();
    let order: Vec<_> = log
        .lines()
        .filter_map(|line| line.strip_prefix("begin "))
        .collect();
    let before_later: Vec<_> = order.iter().copied().filter(|name| *name != "later").collect();
    assert_eq!(before_later, ["high", "normal", "normal-2", "low"]);
    let later = scene.until_state(&later.id, State::Done).await;
    assert!(later.started_ms.unwrap() >= later.created_ms + 2500, "{later:#?}");
}

pub(crate) async fn clock_off(scene: Scene) {
    let libraries = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
    ];
    let Some(library) = libraries
        .iter()
        .map(|directory| format!("{directory}/faketime/libfaketime.so.1"))
        .find(|file| std::path::Path::new(file).exists())
    else {
        eprintln!("SKIPPED: no libfaketime here; install faketime to run this test");
        return;
    };
    let with_clock = |shift: &str| {
        scene.worker_with(&[
            ("LD_PRELOAD", &library),
            ("FAKETIME", shift),
            // The steady clock is the machine's own on any machine.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ])
    };
    let mut ids = Vec::new();
    for number in 0..12 {
        let name = format!("job-{number}");
        ids.push(
            scene
                .submit(script(&name, json!({"frames": 40, "frame_ms": 20})))
                .await,
        );
    }
    let _workers = [with_clock("+600s"), with_clock("-600s"), scene.worker()];
    scene.until_all_final().await;
    for (number, id) in ids.iter().enumerate() {
        let job = scene.until_state(id, State::Done).await;
        assert_eq!((job.attempts, job.crashes), (1, 0), "{job:#?}");
        assert_eq!(scene.counts(&format!("job-{number}")), (1, 1));
    }
}

pub(crate) async fn full_disk(scene: Scene) {
    let small = scene.path("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    struct Mounted<'a>(&'a std::path::Path);
    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount")
                .arg("-l")
                .arg(self.0)
                .stderr(std::process::Stdio::null())
                .status();
        }
    }
    let _mounted = Mounted(&small);
    // Who may not mount gets files that do not grow further instead: enough for a queue in SQLite.
    let _worker = match mounted {
        true => scene.worker_with(&[("WORKER_DIRECTORY", small.to_str().unwrap())]),
        false => scene.worker_with(&[("WORKER_FILE_LIMIT", "4000000")]),
    };
    let large = scene.submit(script("large", json!({"then": "large"}))).await;
    let once = scene
        .submit(script("once", json!({"then": "large", "times": 1})))
        .await;
    let fits = scene.submit(script("fits", json!({}))).await;
    scene.until_state(&fits, State::Done).await;
    scene.until_state(&once, State::Done).await;
    let dead = scene.until_state(&large, State::Dead).await;
    let (class, message) = reason(&dead);
    assert_eq!(class, Class::Storage);
    let told = if mounted {
        "No space left"
    } else {
        "File too large"
    };
    assert!(message.contains(told), "{message}");
}

pub(crate) async fn database_away(mut scene: Scene) {
    let worker = scene.worker_with(&[("WORKER_CONCURRENCY", "2")]);
    let short = scene
        .submit(script("short", json!({"frames": 50, "frame_ms": 20})))
        .await;
    let long = scene
        .submit(script("long", json!({"frames": 250, "frame_ms": 20})))
        .await;
    scene.until_rendering(&short, "short").await;
    scene.until_rendering(&long, "long").await;
    // Away for long enough that the short job ends meanwhile.
    let away = Duration::from_secs(3);
    match &mut scene.engine {
        Engine::Postgres(postgres) => {
            postgres.kill();
            tokio::time::sleep(away).await;
            postgres.run();
        }
        Engine::Sqlite => lock_sqlite(&scene.url, away).await,
    }
    let short = scene.until_state(&short, State::Done).await;
    let long = scene.until_state(&long, State::Done).await;
    // Nobody saw a reason to do anything twice.
    assert_eq!((short.attempts, long.attempts), (1, 1));
    assert_eq!((scene.counts("short"), scene.counts("long")), ((1, 1), (1, 1)));
    let next = scene.submit(script("next", json!({}))).await;
    scene.until_state(&next, State::Done).await;
    drop(worker);
}

/// Keeps everybody else from writing.
async fn lock_sqlite(url: &str, time: Duration) {
    use sqlx::{Connection, Executor};
    let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
    connection.execute("BEGIN EXCLUSIVE").await.unwrap();
    tokio::time::sleep(time).await;
    connection.execute("COMMIT").await.unwrap();
}
