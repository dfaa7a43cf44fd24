//! The end of a step comes: many short ones, each within a time limit, on each engine.
use e2e::cage::{Ended, Ran, User};
use e2e::places;
use e2e::step::{Step, tracee};

/// Runs of each command on each engine; `SEKISHO_RUNS` for more of them.
fn runs() -> usize {
    std::env::var("SEKISHO_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(20)
}

/// Records the command this often; the cage ends what takes longer than twenty seconds, which is no exit.
fn ends_each_time(command: &[&str], ends_well: impl Fn(&Ran) -> bool) {
    for engine in places::engines() {
        let step = Step::new(User::available()[0]).option("--engine").option(&engine).option("--grace").option("1ms");
        for run in 0..runs() {
            let (ran, recording) = step.record(command);
            assert!(ends_well(&ran) && ran.survivors == 0, "{engine}, run {run}: {:?} {}", ran.ended, ran.said());
            assert!(recording.is_some_and(|r| r.trailer.is_some()), "{engine}, run {run}: {}", ran.said());
        }
    }
}

fn exits(status: i32) -> impl Fn(&Ran) -> bool {
    move |ran| ran.ended == Ended::Exit(status)
}

fn storm(how: &str, ends_well: impl Fn(&Ran) -> bool) {
    ends_each_time(&[&tracee("storm"), ".", how], ends_well);
}

#[test]
fn short_steps_end() {
    ends_each_time(&["true"], exits(0));
    ends_each_time(&["cat", "/etc/hostname", "/proc/self/status", "no/such"], exits(1));
}

#[test]
fn steps_end_whose_children_outlive_them() {
    ends_each_time(&["sh", "-c", "sleep 9 & find /etc >/dev/null 2>&1 & exit 3"], exits(3));
}

#[test]
fn steps_end_that_kill_themselves() {
    ends_each_time(&["sh", "-c", "find / -xdev >/dev/null 2>&1 & kill -KILL $$"], exits(137));
}

#[test]
fn threads_end_in_a_storm_of_signals() {
    storm("threads", exits(0));
}

#[test]
fn steps_end_whose_threads_are_killed_while_they_wait() {
    storm("dying", exits(0));
}

/// In a pid namespace of the step a signal of ours seems to come from nobody. 77: there are none for this user.
#[test]
fn a_pid_namespace_ends_in_a_storm_of_signals() {
    storm("pidns", |ran| matches!(ran.ended, Ended::Exit(0 | 77)));
}
