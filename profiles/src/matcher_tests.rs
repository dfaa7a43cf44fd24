//! Judging acts: who, what, deny over allow, secrets, pins, expiry.
use crate::{Date, Matcher, Profile, Vars, Verdict};
use sekisho_events::{Access, Digest, Event, Exec, FileAct, Kind, NetAct, NetOp, ProcessId, Refused, SpawnHow};

const HEAD: &str = "[profile]\nversion = 1\nname = \"t\"\n";

fn vars() -> Vars {
    Vars::new(Some(b"/home/u/w"), Some(b"/home/u"), Some(b"/tmp"), 1000)
}

fn matcher(rules: &str) -> Matcher {
    let profile = Profile::parse_any_form(&format!("{HEAD}{rules}")).unwrap();
    Matcher::on(&profile, &vars(), Date::parse("2026-06-01")).unwrap()
}

fn event(process: u64, kind: Kind) -> Event {
    Event { seq: 1, process: ProcessId(process), at_us: 0, times: None, kind }
}

fn run(matcher: &mut Matcher, parent: u64, process: u64, path: &str) {
    matcher.observe(&event(process, Kind::Spawn { parent: ProcessId(parent), how: SpawnHow::Fork, thread: false }));
    let exec = Exec { path: path.into(), ..Exec::default() };
    matcher.observe(&event(process, Kind::Exec(Box::new(exec))));
}

fn file(access: Access, path: &str) -> Kind {
    Kind::File(FileAct::new(access, path))
}

fn verdict(matcher: &mut Matcher, process: u64, kind: &Kind) -> String {
    match matcher.judge(ProcessId(process), kind) {
        Verdict::Allowed { rule } => rule.to_string(),
        Verdict::Denied { rule, errno } => format!("-{rule} {errno}"),
        Verdict::Unlisted => "?".into(),
        Verdict::NotJudged => ".".into(),
    }
}

#[test]
fn deny_beats_allow_in_any_order_and_names_its_errno() {
    let mut m = matcher(
        "[[rule]]\nid = \"b-all\"\nread = [\"/etc/**\"]\n[[rule]]\nid = \"a-no\"\nread = [\"/etc/x\"]\ndeny = true\nerrno = \"ENOENT\"\n\
         [[rule]]\nid = \"c-no\"\nread = [\"/etc/y*\"]\ndeny = true\n",
    );
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/etc/hosts")), "b-all");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/etc/x")), "-a-no 2");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/etc/yy")), "-c-no 13");
    assert_eq!(verdict(&mut m, 1, &file(Access::Write, "/etc/hosts")), "?");
}

#[test]
fn rules_speak_of_programs_and_of_what_runs_below_them() {
    let mut m = matcher(
        "[[rule]]\nid = \"cc\"\nprocess = [\"/usr/bin/cc\"]\nread = [\"/a\"]\n\
         [[rule]]\nid = \"below\"\nancestor = [\"/usr/bin/npm\"]\nread = [\"/b\"]\n\
         [[rule]]\nid = \"both\"\nprocess = [\"/bin/sh\"]\nancestor = [\"/usr/bin/npm\"]\nread = [\"/c\"]\n",
    );
    run(&mut m, 0, 1, "/usr/bin/npm");
    run(&mut m, 1, 2, "/bin/sh");
    run(&mut m, 2, 3, "/usr/bin/cc");
    run(&mut m, 0, 4, "/bin/sh");
    let read = |m: &mut Matcher, p, path| verdict(m, p, &file(Access::Read, path));
    assert_eq!(read(&mut m, 3, "/a"), "cc");
    assert_eq!(read(&mut m, 2, "/a"), "?");
    assert_eq!(read(&mut m, 1, "/b"), "?");
    assert_eq!(read(&mut m, 2, "/b"), "below");
    assert_eq!(read(&mut m, 3, "/b"), "below");
    assert_eq!(read(&mut m, 2, "/c"), "both");
    assert_eq!(read(&mut m, 3, "/c"), "?");
    assert_eq!(read(&mut m, 4, "/c"), "?");
}

#[test]
fn no_wildcard_covers_a_secret() {
    let mut m = matcher(
        "[[rule]]\nid = \"home\"\nread = [\"$HOME/**\", \"/etc/*\"]\n[[rule]]\nid = \"key\"\nread = [\"$HOME/.ssh/known_*\"]\n",
    );
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/home/u/a")), "home");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/home/u/.ssh/id_rsa")), "?");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/home/u/.ssh/known_hosts")), "key");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/etc/shadow")), "?");
}

#[test]
fn a_pinned_program_must_have_its_digest() {
    let good = Digest::of(b"good");
    let mut m = matcher(&format!("[[rule]]\nid = \"cc\"\nexec = [\"/cc\"]\nsha256 = [\"{good}\"]\n"));
    let exec = |sha256| Kind::Exec(Box::new(Exec { path: "/cc".into(), sha256, ..Exec::default() }));
    assert_eq!(verdict(&mut m, 1, &exec(Some(good))), "cc");
    assert_eq!(verdict(&mut m, 1, &exec(Some(Digest::of(b"bad")))), "?");
    // Before it runs, the digest is not known; the comparison afterwards is strict.
    assert_eq!(verdict(&mut m, 1, &exec(None)), "cc");
}

#[test]
fn an_expired_rule_allows_nothing_and_still_forbids() {
    let mut m = matcher(
        "[[rule]]\nid = \"old\"\nread = [\"/a\"]\nexpires = \"2026-05-31\"\n[[rule]]\nid = \"new\"\nread = [\"/b\"]\nexpires = \"2026-06-01\"\n\
         [[rule]]\nid = \"no\"\nread = [\"/c\"]\ndeny = true\nexpires = \"2026-05-31\"\n",
    );
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/a")), "?");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/b")), "new");
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/c")), "-no 13");
}

#[test]
fn change_is_all_that_can_be_done_to_a_file_but_reading_it() {
    let mut m = matcher("[[rule]]\nid = \"o\"\nchange = [\"$WORKSPACE/*.o\"]\n");
    for access in [Access::Create, Access::Write, Access::Truncate, Access::Delete, Access::Attributes] {
        assert_eq!(verdict(&mut m, 1, &file(access, "/home/u/w/a.o")), "o", "{access:?}");
    }
    assert_eq!(verdict(&mut m, 1, &file(Access::Read, "/home/u/w/a.o")), "?");
    let rename = |to: &str| {
        let mut act = FileAct::new(Access::Rename, "/home/u/w/a.o");
        act.to = Some(to.into());
        Kind::File(act)
    };
    assert_eq!(verdict(&mut m, 1, &rename("/home/u/w/b.o")), "o");
    assert_eq!(verdict(&mut m, 1, &rename("/home/u/.bashrc")), "?");
}

#[test]
fn fallbacks_are_expected_and_other_refusals_are_not() {
    let refused = |call: &str| Kind::Refused(Refused { call: call.into(), why: String::new(), errno: 38 });
    let mut m = matcher("");
    assert_eq!(verdict(&mut m, 1, &refused("clone3")), "(expected refusal)");
    assert_eq!(verdict(&mut m, 1, &refused("memfd_secret")), "?");
    let mut none = Profile::parse_any_form(HEAD).unwrap();
    none.meta.refused = Some(Vec::new());
    let mut m = Matcher::new(&none, &vars()).unwrap();
    assert_eq!(verdict(&mut m, 1, &refused("clone3")), "?");
}

#[test]
fn looking_is_judged_only_if_the_profile_says_so() {
    let mut m = matcher("[[rule]]\nid = \"no\"\nstat = [\"/secret/**\"]\ndeny = true\n");
    assert_eq!(verdict(&mut m, 1, &file(Access::Stat, "/x")), ".");
    assert_eq!(verdict(&mut m, 1, &file(Access::Stat, "/secret/x")), "-no 13");
    let mut strict = Profile::parse_any_form(HEAD).unwrap();
    strict.meta.judge_metadata = true;
    assert_eq!(verdict(&mut Matcher::new(&strict, &vars()).unwrap(), 1, &file(Access::Stat, "/x")), "?");
}

#[test]
fn connections_are_judged_by_address_and_by_name() {
    let mut m = matcher("[[rule]]\nid = \"net\"\nconnect = [\"example.org:443/tcp\", \"127.0.0.1:80/tcp\"]\n");
    let mut act = NetAct::new(NetOp::Connect, "tcp");
    act.address = "203.0.113.7".parse().ok();
    act.port = Some(443);
    assert_eq!(verdict(&mut m, 1, &Kind::Net(act.clone())), "?");
    act.host = Some("example.org".into());
    assert_eq!(verdict(&mut m, 1, &Kind::Net(act)), "net");
}

/// What a step from program to program comes to is kept for the next such step, and for no other one; also when more were kept than fit.
#[test]
fn the_same_program_again_has_the_rules_of_where_it_was_started() {
    let mut m = matcher(
        "[[rule]]\nid = \"below\"\nancestor = [\"/usr/bin/npm\"]\nread = [\"/b\"]\n\
         [[rule]]\nid = \"even\"\nprocess = [\"/p/*[02468]\"]\nread = [\"/e\"]\n",
    );
    run(&mut m, 0, 1, "/usr/bin/npm");
    run(&mut m, 0, 2, "/usr/bin/make");
    let read = |m: &mut Matcher, p, path| verdict(m, p, &file(Access::Read, path));
    for round in 0..3 {
        for n in 0..600_u64 {
            let program = format!("/p/{n}");
            let (below, beside) = (3 + round * 2000 + n * 2, 4 + round * 2000 + n * 2);
            run(&mut m, 1, below, &program);
            run(&mut m, 2, beside, &program);
            let even = if n % 2 == 0 { "even" } else { "?" };
            let found = [
                read(&mut m, below, "/b"),
                read(&mut m, beside, "/b"),
                read(&mut m, below, "/e"),
                read(&mut m, beside, "/e"),
            ];
            assert_eq!(found, ["below", "?", even, even], "{program} in round {round}");
        }
    }
}
