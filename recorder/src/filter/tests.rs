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

fn agree(code: &[SockFilter], level: Level, arch: u32, nr: u32, args: &[u64; 6]) {
    let (action, _) = run(code, arch, nr, args);
    let route = decide(level, arch, u64::from(nr), args);
    assert_eq!(action == RET_ALLOW, route == Route::Allow, "{level:?} {arch:#x} {nr} {args:x?}: {route:?}");
    assert!(action == RET_ALLOW || action == RET_TRACE);
}

/// seccomp_check_filter, bpf_check_classic: known instructions, aligned loads inside the data, jumps that land inside,
/// a return as the last instruction.
#[test]
fn the_kernel_would_accept_the_program() {
    for level in LEVELS {
        let code = program(level);
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
    values.sort_unstable();
    values.dedup();
    values
}

/// Every number with every value that a row speaks of, in the argument that it speaks of and in the next.
#[test]
fn program_and_table_agree_on_every_value_that_the_table_names() {
    let values = interesting();
    for level in LEVELS {
        let code = program(level);
        for number in 0..=MAX_KNOWN + 3 {
            agree(&code, level, AUDIT_ARCH, number, &[0; 6]);
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
        ]),
    ) {
        thread_local!(static PROGRAMS: [Vec<SockFilter>; 3] = LEVELS.map(program));
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

#[test]
fn a_listener_gets_what_is_recorded_and_the_tracer_what_is_refused() {
    let plan = Plan { level: Files, notify: vec![nr::OPENAT, nr::SENDTO] };
    let code = build(&plan).unwrap();
    let action = |call, args: [u64; 6]| run(&code, AUDIT_ARCH, call, &args).0;
    assert_eq!(action(nr::OPENAT, [0; 6]), RET_USER_NOTIF);
    assert_eq!(action(nr::SENDTO, [3, 0, 0, 0, 9, 16]), RET_USER_NOTIF);
    assert_eq!(action(nr::SENDTO, [3, 0, 0, 0x2000_0000, 9, 16]), RET_TRACE);
    assert_eq!(action(nr::SENDTO, [0; 6]), RET_ALLOW);
    assert_eq!(action(nr::UNLINK, [0; 6]), RET_TRACE);
}
