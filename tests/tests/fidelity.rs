//! The step does not notice: status, signals, streams, terminal, environment, descriptors are what they are without us.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::Ended;
use e2e::places;
use e2e::step::{Step, as_each_user, tracee};
use serde_json::json;

#[test]
fn the_exit_status_is_passed_on() {
    let step = Step::plain();
    for status in [0, 1, 2, 77, 124, 125, 126, 127, 255] {
        let (ran, rec) = step.record(["sh", "-c", &format!("exit {status}")]);
        assert_eq!(ran.ended, Ended::Exit(status), "{}", ran.said());
        assert_eq!(rec.expect("a recording").trailer.expect("a trailer")["status"], status);
    }
}

/// 128 + n by signal n.
#[test]
fn a_fatal_signal_is_passed_on_as_128_and_more() {
    let step = Step::plain();
    for (name, number) in [("TERM", 15), ("KILL", 9), ("HUP", 1), ("USR1", 10), ("PIPE", 13)] {
        let (ran, rec) = step.record(["sh", "-c", &format!("kill -{name} $$")]);
        assert_eq!(ran.ended, Ended::Exit(128 + number), "{name}: {}", ran.said());
        assert!(rec.expect("a recording").has(&json!({"kind": "exit", "signal": number})));
    }
}

#[test]
fn standard_streams_are_the_steps_own() {
    let step = Step::plain();
    std::fs::write(step.ground.path("in"), "from the input\n").unwrap();
    let input = step.ground.path("in");
    let step = step.stdin(input);
    let (ran, _) = step.record(["sh", "-c", "cat; printf out; printf err >&2"]);
    assert_eq!(ran.stdout, b"from the input\nout", "nothing of ours is in it");
    assert!(ran.said().starts_with("err"), "{}", ran.said());
}

/// EVASION G08: descriptors 0, 1 and 2 and no more, no signal blocked or ignored.
#[test]
fn no_descriptor_and_no_signal_setting_of_ours_is_in_the_step() {
    as_each_user(|user| {
        let step = Step::new(user);
        let (ran, _) = step.record([tracee("fds")]);
        assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    });
}

#[test]
fn the_environment_is_unchanged() {
    as_each_user(|user| {
        let step = Step::new(user).env("SEKISHO_TEST_VARIABLE", "a b\nc").env("EMPTY", "");
        let alone = step.run(["/usr/bin/env", "-0"]);
        let (with, rec) = step.record(["/usr/bin/env", "-0"]);
        let sorted = |out: &[u8]| {
            let mut all: Vec<Vec<u8>> = out.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
            all.sort();
            all
        };
        assert_eq!(sorted(&alone.stdout), sorted(&with.stdout));
        let rec = rec.expect("a recording");
        assert!(rec.has(&json!({"kind": "exec", "env": ["SEKISHO_TEST_VARIABLE", "EMPTY", "HOME", "PATH"]})));
        let text: String = rec.events.iter().map(ToString::to_string).collect();
        assert!(!text.contains("a b\\nc"), "values are never recorded");
    });
}

/// EVASION G04: the key and what is in the recorder's memory are not to be had, and trying is recorded.
#[test]
fn the_recorders_own_files_in_proc_are_closed_to_the_step() {
    as_each_user(|user| {
        let step = Step::new(user);
        let script = "for f in environ mem maps fd/3 fd/4 cwd/x; do cat /proc/$PPID/$f > /dev/null 2>&1 && echo open $f; done; true";
        let (ran, rec) = step.record(["sh", "-c", script]);
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "", "as {}", user.name());
        assert!(rec.expect("a recording").has(&json!({"kind": "tamper", "target": "recorder"})));
    });
}

/// A tty stays a tty, of the same size, in the foreground.
#[test]
fn the_terminal_is_kept() {
    let step = Step::plain();
    let inner = "test -t 0 && test -t 1 && test -t 2 && echo tty; stty size; ps -o stat= -p $$ | grep -q + && echo foreground; read x; echo got $x";
    let line = format!("{} record -o {} -- sh -c '{inner}'", places::sekisho().display(), step.rec().display());
    let python = format!(
        "import pty,os,sys,struct,fcntl,termios,time\n\
         pid,fd=pty.fork()\n\
         if pid==0:\n    fcntl.ioctl(0,termios.TIOCSWINSZ,struct.pack('HHHH',33,101,0,0))\n    os.execv('/bin/sh',['sh','-c',{line:?}])\n\
         time.sleep(1)\nos.write(fd,b'word\\n')\nout=b''\n\
         while True:\n    try: b=os.read(fd,4096)\n    except OSError: break\n    if not b: break\n    out+=b\n\
         _,s=os.waitpid(pid,0)\nsys.stdout.write(out.decode(errors='replace'))\nprint('status',os.waitstatus_to_exitcode(s))\n"
    );
    let ran = step.run(["/usr/bin/python3", "-u", "-c", &python]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    for word in ["tty", "33 101", "foreground", "got word", "status 0"] {
        assert!(out.contains(word), "no {word:?} in {out} {}", ran.said());
    }
}

/// Ctrl-Z stops the step and gives the shell its terminal back; fg goes on. SIGWINCH arrives.
#[test]
fn job_control_and_window_changes_work_on_a_terminal() {
    let step = Step::plain();
    // The stop character comes while `sleep` runs: between vfork and exec it would stop the child alone, and a shell that waits in
    // vfork (dash) cannot stop, with us or without.
    let inner = "trap \"echo winch\" WINCH; echo ready; i=0; while [ $i -lt 30 ]; do sleep 1; i=$((i+1)); [ -e end ] && break; done; echo over";
    let line = format!("{} record -o {} -- sh -c '{inner}'", places::sekisho().display(), step.rec().display());
    let python = format!(
        "import pty,os,sys,struct,fcntl,termios,time,select\n\
         pid,fd=pty.fork()\n\
         if pid==0: os.execve('/bin/bash',['bash','--norc','--noprofile','-i'],dict(os.environ,PS1='$ '))\n\
         out=b''\n\
         def until(word,t=20):\n    global out\n    seen=len(out)\n    end=time.time()+t\n    while word not in out[seen:] and time.time()<end:\n        if select.select([fd],[],[],0.1)[0]:\n            try: out+=os.read(fd,4096)\n            except OSError: return False\n    return word in out[seen:]\n\
         until(b'$ ')\nos.write(fd,{line:?}.encode()+b'\\n')\n\
         print('ready',until(b'ready\\r'))\ntime.sleep(0.3)\n\
         fcntl.ioctl(fd,termios.TIOCSWINSZ,struct.pack('HHHH',20,70,0,0))\nprint('winch',until(b'winch\\r'))\n\
         time.sleep(0.5)\nos.write(fd,b'\\x1a')\nprint('stopped',until(b'Stopped'))\n\
         os.write(fd,b'touch end\\nfg\\n')\nprint('over',until(b'over\\r'))\n\
         os.write(fd,b'echo status $?\\n')\nprint('status',until(b'status 0\\r'))\n\
         os.write(fd,b'exit\\n')\nsys.stderr.write(out.decode(errors='replace'))\n"
    );
    let ran = step.run(["/usr/bin/python3", "-u", "-c", &python]);
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    for word in ["ready True", "winch True", "stopped True", "over True", "status True"] {
        assert!(out.contains(word), "no {word:?}: {out}\n{}", ran.said());
    }
}

/// EVASION G09: variables that an earlier step has set do not run code in the recorder.
#[test]
#[ignore = "needs a statically linked recorder: a dynamic one has run the library before main"]
fn loader_variables_do_not_reach_the_recorder() {
    let step = Step::plain();
    let canary = step.ground.work().join("loaded");
    let words = [
        "/usr/bin/env".to_owned(),
        format!("LD_PRELOAD={}", tracee("canarylib.so")),
        format!("CANARY={}", canary.display()),
        places::sekisho().display().to_string(),
        "record".to_owned(),
        "-o".to_owned(),
        step.rec().display().to_string(),
        "--".to_owned(),
        // Static: it loads nothing itself.
        tracee("firstopen"),
        ".".to_owned(),
    ];
    let ran = step.run(words);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    assert!(!canary.exists(), "the recorder has run a library that an earlier step named");
}
