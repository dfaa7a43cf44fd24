use super::assembler::{AND, GOTO, LOAD, RETURN};
use super::*;
use crate::abi::{AUDIT_ARCH_I386, MAX_KNOWN, X32_BIT, nr};
use crate::calls::{Route, decide};
use proptest::prelude::*;
use sekisho_events::Level::{Deep, Exec, Files};

const LEVELS: [Level; 3] = [Exec, Files, Deep];

/// What the kernel's interpreter does (kernel/seccomp.c, net/core/filter.c): the action, and how many instructions it
/// took. Panics on anything that the kernel would not accept.
fn run(code: &[SockFilter], arch: u32, nr: u32, args: &[u64; 6]) -> (u32, usize) {
    let mut data = [0u8; 64];
    data[..4].copy_from_slice(&nr.to_le_bytes());
    data[4..8].copy_from_slice(&arch.to_le_bytes());
    for (i, arg) in args.iter().enumerate() {
        data[16 + 8 * i..24 + 8 * i].copy_from_slice(&arg.to_le_bytes());
    }
    let (mut at, mut word, mut steps) = (0usize, 0u32, 0);
    loop {
        let SockFilter { code: op, jt, jf, k } = code[at];
        at += 1;
        steps += 1;
        let skip = |yes: bool| usize::from(if yes { jt } else { jf });
        match op {
            LOAD => word = u32::from_le_bytes(data[k as usize..k as usize + 4].try_into().unwrap()),
            AND => word &= k,
            GOTO => at += k as usize,
            IF_EQUAL => at += skip(word == k),
            IF_AT_LEAST => at += skip(word >= k),
            IF_ANY_BIT => at += skip(word & k != 0),
            RETURN => return (k, steps),
            _ => panic!("instruction {op:#x}"),
        }
    }
}

fn program(level: Level) -> Vec<SockFilter> {
    build(&Plan::new(level)).unwrap()
}

const IDS: calls::Ids = calls::Ids { user: 65, group: 3 };

/// Without a listener, with one, and with one that knows whom it stands for.
fn programs(level: Level) -> [Vec<SockFilter>; 3] {
    let listening = |ids| build(&Plan::with_listener(level, ids)).unwrap();
    [program(level), listening(None), listening(Some(IDS))]
}

fn agree(code: &[Vec<SockFilter>; 3], level: Level, arch: u32, nr: u32, args: &[u64; 6]) {
    let route = decide(level, arch, u64::from(nr), args);
    let native = arch == AUDIT_ARCH;
    let traced = if route == Route::Allow { RET_ALLOW } else { RET_TRACE };
    let shared = match route {
        Route::Allow if native && calls::concerns_listener(nr, args) => RET_TRACE,
        Route::Decode(_) if calls::is_notified(nr, args) => RET_USER_NOTIF,
        _ => traced,
    };
    let kept = native && IDS.kept_by(nr).is_some_and(|kept| kept.holds(args));
    let knowing = if kept { RET_ALLOW } else { shared };
    for (code, want) in code.iter().zip([traced, shared, knowing]) {
        assert_eq!(run(code, arch, nr, args).0, want, "{level:?} {arch:#x} {nr} {args:x?}: {route:?}");
    }
}

/// seccomp_check_filter, bpf_check_classic: known instructions, aligned loads inside the data, jumps that land inside,
/// a return as the last instruction.
#[test]
fn the_kernel_would_accept_the_program() {
    for level in LEVELS {
        for code in programs(level) {
            assert!(code.len() <= MAX_INSTRUCTIONS);
            for (at, SockFilter { code: op, jt, jf, k }) in code.iter().copied().enumerate() {
                match op {
                    LOAD => assert!(k % 4 == 0 && k < 64),
                    AND | RETURN => {}
                    GOTO => assert!(at + 1 + (k as usize) < code.len()),
                    IF_EQUAL | IF_AT_LEAST | IF_ANY_BIT => assert!(at + 1 + usize::from(jt.max(jf)) < code.len()),
                    _ => panic!("instruction {op:#x}"),
                }
            }
            assert_eq!(code.last().unwrap().code, RETURN);
        }
    }
}

/// Every value that any row compares an argument with, its neighbours, and the same with a dirty upper half.
fn interesting() -> Vec<u64> {
    let mut values = vec![0, 1, u64::MAX, 1 << 32, 0x7fff_ffff_f000];
    for call in calls::all() {
        if let Class::Traced(stops) = call.class {
            for test in stops.iter().flat_map(|stop| stop.when) {
                let (Is::In(list) | Is::NotIn(list)) = test.is;
                values.extend(list.iter().chain([&test.mask]).flat_map(|v| [*v, v.wrapping_add(1), v | 5 << 32]));
            }
        }
    }
    for test in [nr::OPEN, nr::OPENAT].into_iter().flat_map(|n| calls::notified(n).unwrap()) {
        let (Is::In(list) | Is::NotIn(list)) = test.is;
        values.extend(list.iter().chain([&test.mask]).flat_map(|v| [*v, v.wrapping_add(1), v | 5 << 32]));
    }
    values.sort_unstable();
    values.dedup();
    values
}

/// Every number with every value that a row speaks of, in the argument that it speaks of and in the next.
#[test]
fn program_and_table_agree_on_every_value_that_the_table_names() {
    let values = interesting();
    for level in LEVELS {
        let code = programs(level);
        for number in 0..=MAX_KNOWN + 3 {
            agree(&code, level, AUDIT_ARCH, number, &[0; 6]);
            for value in [65, 3, u64::MAX] {
                for other in [65, 3, u64::MAX, 1 << 32] {
                    agree(&code, level, AUDIT_ARCH, number, &[value, value, other, 0, 0, 0]);
                    agree(&code, level, AUDIT_ARCH, number, &[other, value, value, 0, 0, 0]);
                }
            }
            agree(&code, level, AUDIT_ARCH, number | X32_BIT, &[0; 6]);
            agree(&code, level, AUDIT_ARCH_I386, number, &[0; 6]);
            let Some(Class::Traced(stops)) = calls::lookup(number).map(|call| call.class) else { continue };
            for test in stops.iter().flat_map(|stop| stop.when) {
                for value in &values {
                    for second in [0, 1, 2, 3, 16, u64::MAX] {
                        let mut args = [second; 6];
                        args[usize::from(test.arg)] = *value;
                        agree(&code, level, AUDIT_ARCH, number, &args);
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn program_and_table_agree_on_anything(
        level in prop::sample::select(LEVELS.to_vec()),
        number in prop_oneof![4 => 0..MAX_KNOWN + 40, 1 => any::<u32>(), 1 => (0..MAX_KNOWN).prop_map(|n| n | X32_BIT)],
        arch in prop_oneof![8 => Just(AUDIT_ARCH), 1 => Just(AUDIT_ARCH_I386), 1 => any::<u32>()],
        args in prop::array::uniform6(prop_oneof![
            2 => 0..70u64, 2 => any::<u64>(), 2 => prop::sample::select(interesting()), 1 => any::<u32>().prop_map(u64::from),
            1 => prop::sample::select(vec![65, 3, u64::from(u32::MAX)]),
        ]),
    ) {
        thread_local!(static PROGRAMS: [[Vec<SockFilter>; 3]; 3] = LEVELS.map(programs));
        PROGRAMS.with(|programs| agree(&programs[level as usize], level, arch, number, &args));
    }
}

/// A process makes these most often; each instruction is run again for each.
#[test]
fn a_decision_takes_few_instructions() {
    let code = program(Files);
    for (call, limit) in
        [(nr::READ, 14), (nr::OPENAT, 14), (nr::MMAP, 16), (nr::CLOSE, 14), (nr::SENDTO, 20), (nr::IOCTL, 24)]
    {
        let (_, steps) = run(&code, AUDIT_ARCH, call, &[0; 6]);
        assert!(steps <= limit, "{call}: {steps}");
    }
    let longest = (0..=MAX_KNOWN).map(|n| run(&code, AUDIT_ARCH, n, &[0; 6]).1).max().unwrap();
    assert!(longest <= 48, "{longest}");
}

/// Every flag by itself, marked and not: the mark and the flags are in different arguments.
#[test]
fn a_listener_gets_plain_reading_and_the_tracer_the_rest() {
    let code = build(&Plan::with_listener(Files, Some(IDS))).unwrap();
    for number in [nr::OPEN, nr::OPENAT] {
        for flags in (0..32).map(|bit| 1u64 << bit).chain([0, 1 << 32, u64::MAX]) {
            for mark in [0, calls::MARK, calls::MARK ^ 1, calls::MARK ^ 1 << 40] {
                let args = [0, flags, flags, 0, 0, mark];
                let want = if calls::is_notified(number, &args) { RET_USER_NOTIF } else { RET_TRACE };
                assert_eq!(run(&code, AUDIT_ARCH, number, &args).0, want, "{number} {flags:o} {mark:x}");
            }
        }
    }
    assert_eq!(run(&code, AUDIT_ARCH, nr::OPENAT, &[0; 6]).0, RET_USER_NOTIF);
    assert_eq!(run(&code, AUDIT_ARCH, nr::UNLINK, &[0; 6]).0, RET_TRACE);
    assert_eq!(run(&code, AUDIT_ARCH, nr::SETUID, &[0; 6]).0, RET_TRACE);
    assert_eq!(run(&code, AUDIT_ARCH, nr::SETUID, &[65; 6]).0, RET_ALLOW);
    assert_eq!(run(&program(Files), AUDIT_ARCH, nr::SETUID, &[0; 6]).0, RET_ALLOW);
}
