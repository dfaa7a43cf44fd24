//! Few processors, and little of their time: a step is recorded whole all the same, and keeps what it was given.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::{Ended, User};
use e2e::recording::Recording;
use e2e::step::Step;
use e2e::{places, skips};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Makes fifty files, each by a program and read by another one.
const FIFTY: &str = "i=0; while [ $i -lt 50 ]; do : > f$i; cat f$i; i=$((i+1)); done";

/// The first processor that this process may run on.
fn processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
    list.trim().split([',', '-']).next().unwrap().to_owned()
}

/// All fifty were made, and nothing is missing.
fn is_whole(step: &Step, said: &str) {
    let rec = Recording::load(&step.rec()).unwrap_or_else(|| panic!("no recording: {said}"));
    assert!(rec.is_complete() && rec.faults.is_empty(), "{:?} {} {said}", rec.faults, rec.summary());
    assert_eq!(rec.count(&json!({"kind": "file", "access": "create", "path": "*/work/f*"})), 50, "{said}");
}

fn record(engine: &str, step: &Step, script: &str) -> String {
    let (bin, rec) = (places::sekisho().display().to_string(), step.rec().display().to_string());
    format!("exec {bin} record --engine {engine} -o {rec} -- {script}")
}

/// sched_setaffinity(2): a mask is inherited by what one starts.
#[test]
fn on_one_processor_a_step_is_recorded_whole_and_has_that_processor() {
    let one = processor();
    for engine in places::engines() {
        let step = Step::plain();
        let inner = format!("sh -c 'grep Cpus_allowed_list /proc/self/status >mask; {FIFTY}'");
        let script = format!("taskset -p -c {one} $$ >taskset.log && {}", record(&engine, &step, &inner));
        let ran = step.run(["/bin/sh", "-c", &script]);
        assert_eq!(ran.ended, Ended::Exit(0), "{engine}: {}", ran.said());
        is_whole(&step, &ran.said());
        let mask = std::fs::read_to_string(step.ground.work().join("mask")).unwrap();
        assert_eq!(mask.trim().rsplit(['\t', ' ']).next(), Some(one.as_str()), "{engine}");
    }
}

#[test]
fn a_step_that_goes_from_processor_to_processor_is_recorded_whole() {
    let source = "import os\n\
        all = sorted(os.sched_getaffinity(0))\n\
        for i in range(50):\n\
        \x20   os.sched_setaffinity(0, {all[i % len(all)]})\n\
        \x20   open(f'f{i}', 'w').close()\n\
        \x20   assert os.sched_getaffinity(0) == {all[i % len(all)]}\n";
    for engine in places::engines() {
        let step = Step::plain();
        std::fs::write(step.ground.work().join("main.py"), source).unwrap();
        let script = record(&engine, &step, "python3 -S -B main.py");
        let ran = step.run(["/bin/sh", "-c", &script]);
        assert_eq!(ran.ended, Ended::Exit(0), "{engine}: {}", ran.said());
        is_whole(&step, &ran.said());
    }
}

/// A control group of our own that gets a third of one processor, until it is dropped.
struct Quota(PathBuf);

impl Quota {
    /// Makes it, in either version of control groups (cgroups(7)).
    fn new() -> Result<Self, String> {
        let mut why = "no control groups are mounted".to_owned();
        for (top, limits) in [
            ("/sys/fs/cgroup/cpu", [("cpu.cfs_period_us", "30000"), ("cpu.cfs_quota_us", "10000")].as_slice()),
            ("/sys/fs/cgroup", &[("cpu.max", "10000 30000")]),
        ] {
            let folder = Path::new(top).join(format!("sekisho-test-{}", std::process::id()));
            if !Path::new(top).join("cgroup.procs").exists() {
                continue;
            }
            let made = std::fs::create_dir(&folder).and_then(|()| {
                limits.iter().try_for_each(|(name, value)| {
                    // Not created where the kernel does not have it.
                    let mut file = std::fs::OpenOptions::new().write(true).open(folder.join(name))?;
                    std::io::Write::write_all(&mut file, value.as_bytes())
                })
            });
            match made {
                Ok(()) => return Ok(Self(folder)),
                Err(error) => {
                    let _ = std::fs::remove_dir(&folder);
                    why = format!("{top}: {error}");
                }
            }
        }
        Err(why)
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn with_a_third_of_a_processor_a_step_is_recorded_whole() {
    let quota = match Quota::new() {
        Ok(quota) => quota,
        Err(why) => return skips::skip("tests/allowed-skips.txt", "quota", &format!("no quota can be set: {why}")),
    };
    for engine in places::engines() {
        let step = Step::new(User::available()[0]).cage("--time").cage("60");
        let group = quota.0.join("cgroup.procs").display().to_string();
        let inner = format!("sh -c '{FIFTY}'");
        let script = format!("echo $$ >{group} && {}", record(&engine, &step, &inner));
        let ran = step.run(["/bin/sh", "-c", &script]);
        assert_eq!(ran.ended, Ended::Exit(0), "{engine}: {}", ran.said());
        is_whole(&step, &ran.said());
    }
}
