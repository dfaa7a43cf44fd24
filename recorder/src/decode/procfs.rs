//! Files of `/proc/PID` (proc(5)). A process chooses its own name and those of its files, so these are bytes, and a
//! name that looks like the end of its field does not end it.
use sekisho_events::PathBytes;

/// Fields of `/proc/PID/stat` (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// `R`, `S`, `Z`, `t`…
    pub state: u8,
    /// Parent; in the namespace of the reader.
    pub ppid: i32,
    /// Process group.
    pub pgrp: i32,
    /// Session.
    pub session: i32,
    /// Start, in clock ticks since boot: with the number it names a process that is not another.
    pub start_ticks: u64,
}

/// Parses `/proc/PID/stat`. The name stands in parentheses and may hold any of them: it ends at the last one.
pub fn stat(bytes: &[u8]) -> Option<Stat> {
    let end = bytes.iter().rposition(|b| *b == b')')?;
    let mut words = words(&bytes[end + 1..]);
    let state = *words.next()?.first()?;
    let (ppid, pgrp, session) = (number(words.next()?)?, number(words.next()?)?, number(words.next()?)?);
    // Field 22; the session was field 6.
    let start_ticks = number(words.nth(15)?)?;
    Some(Stat { state, ppid, pgrp, session, start_ticks })
}

/// The value of a field of `/proc/PID/status` or `/proc/PID/fdinfo/N`, without blanks around it.
///
/// The first line that begins with the name counts; the kernel escapes newlines in names, so no line is forged.
pub fn field<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    bytes.split(|b| *b == b'\n').find_map(|line| {
        let rest = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
        Some(rest.trim_ascii())
    })
}

/// A field that is one decimal number.
pub fn number_field<T: std::str::FromStr>(bytes: &[u8], name: &str) -> Option<T> {
    number(field(bytes, name)?)
}

/// A field that is one hexadecimal number (`CapEff`, `SigIgn`).
pub fn hex_field(bytes: &[u8], name: &str) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(field(bytes, name)?).ok()?, 16).ok()
}

/// The numbers of a process in each namespace, outermost first (`NSpid`).
pub fn namespace_pids(status: &[u8]) -> Vec<i32> {
    field(status, "NSpid").map_or_else(Vec::new, |list| words(list).map_while(number).collect())
}

/// `/proc/PID/fdinfo/N` (proc_pid_fdinfo(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorInfo {
    /// Flags of open(2).
    pub flags: i32,
    /// Mount id.
    pub mount: u64,
}

/// Parses `/proc/PID/fdinfo/N`.
pub fn descriptor_info(bytes: &[u8]) -> Option<DescriptorInfo> {
    let flags = std::str::from_utf8(field(bytes, "flags")?).ok()?;
    Some(DescriptorInfo { flags: i32::from_str_radix(flags, 8).ok()?, mount: number_field(bytes, "mnt_id")? })
}

/// One line of `/proc/PID/maps` (proc_pid_maps(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// It can be written.
    pub writable: bool,
    /// It can be executed.
    pub executable: bool,
    /// Others see what is written to it.
    pub shared: bool,
    /// Inode, 0 for none.
    pub ino: u64,
    /// Path or `[name]`; empty for none. Only newlines are escaped in it (`\012`), so it is not undone.
    pub path: PathBytes,
}

/// Parses `/proc/PID/maps`; lines that are not of the form are left out.
pub fn maps(bytes: &[u8]) -> impl Iterator<Item = Mapping> {
    bytes.split(|b| *b == b'\n').filter_map(mapping)
}

fn mapping(line: &[u8]) -> Option<Mapping> {
    let mut fields = line.splitn(6, |b| *b == b' ');
    let range = std::str::from_utf8(fields.next()?).ok()?;
    let (start, end) = range.split_once('-')?;
    let &[_, write, execute, share] = fields.next()? else { return None };
    let ino = number(fields.nth(2)?)?;
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        writable: write == b'w',
        executable: execute == b'x',
        shared: share == b's',
        ino,
        path: PathBytes::from(fields.next().unwrap_or_default().trim_ascii_start()),
    })
}

/// One line of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Mount id.
    pub id: u64,
    /// Id of the mount that it is on.
    pub parent: u64,
    /// Device, major and minor.
    pub device: (u32, u32),
    /// Which directory of the file system is its root.
    pub root: PathBytes,
    /// Where it is.
    pub point: PathBytes,
    /// Its peer group, if what is mounted on it appears elsewhere too (`shared:N`, mount_namespaces(7)).
    pub peers: Option<u64>,
    /// Type of the file system.
    pub kind: PathBytes,
    /// Where it comes from.
    pub source: PathBytes,
}

/// Parses `/proc/PID/mountinfo`; lines that are not of the form are left out.
pub fn mountinfo(bytes: &[u8]) -> impl Iterator<Item = Mount> {
    bytes.split(|b| *b == b'\n').filter_map(mount)
}

fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|b| *b == b' ');
    let id = number(fields.next()?)?;
    let parent = number(fields.next()?)?;
    let (major, minor) = std::str::from_utf8(fields.next()?).ok()?.split_once(':')?;
    let device = (major.parse().ok()?, minor.parse().ok()?);
    let (root, point) = (unescape(fields.next()?), unescape(fields.next()?));
    // Options and optional fields end at a lone hyphen.
    let mut peers = None;
    loop {
        match fields.next()? {
            b"-" => break,
            field => peers = field.strip_prefix(b"shared:").and_then(number).or(peers),
        }
    }
    let (kind, source) = (unescape(fields.next()?), unescape(fields.next()?));
    Some(Mount { id, parent, device, root, point, peers, kind, source })
}

/// Undoes `\ooo`, by which blanks, newlines, `#` and backslashes are written there.
fn unescape(text: &[u8]) -> PathBytes {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = tail;
            }
            _ => out.push(*first),
        }
    }
    PathBytes::new(out)
}

/// The auxiliary vector, `/proc/PID/auxv`, of a 64-bit process: the value of one key (`AT_*`, elf.h).
pub fn auxv(bytes: &[u8], key: u64) -> Option<u64> {
    let mut words = bytes.chunks_exact(8).filter_map(<[u8]>::first_chunk::<8>).map(|b| u64::from_ne_bytes(*b));
    while let (Some(found), Some(value)) = (words.next(), words.next()) {
        if found == 0 {
            return None;
        }
        if found == key {
            return Some(value);
        }
    }
    None
}

fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// EVASION D09: the process is called `x) R 1 1 1`.
    #[test]
    fn a_name_with_parentheses_shifts_no_field() {
        let line = b"42 (x) R 1 1 1) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 1 2\n";
        let wanted = Stat { state: b'S', ppid: 7, pgrp: 8, session: 9, start_ticks: 123456 };
        assert_eq!(stat(line), Some(wanted));
    }

    #[test]
    fn this_process_is_read_as_it_is() {
        let stat = stat(&std::fs::read("/proc/self/stat").unwrap()).unwrap();
        let status = std::fs::read("/proc/self/status").unwrap();
        assert_eq!(number_field(&status, "PPid"), Some(stat.ppid));
        assert_eq!(namespace_pids(&status).first(), Some(&(std::process::id() as i32)));
        assert!(hex_field(&status, "SigIgn").is_some());
        let maps_file = std::fs::read("/proc/self/maps").unwrap();
        assert!(maps(&maps_file).any(|m| m.path.as_bytes() == b"[stack]" && m.writable && !m.shared));
        assert!(maps(&maps_file).any(|m| m.executable && m.ino != 0 && m.path.as_bytes().starts_with(b"/")));
        let mounts = std::fs::read("/proc/self/mountinfo").unwrap();
        assert!(mountinfo(&mounts).any(|m| m.point.as_bytes() == b"/proc" && m.kind.as_bytes() == b"proc"));
        let auxiliary = std::fs::read("/proc/self/auxv").unwrap();
        assert_eq!(auxv(&auxiliary, libc::AT_PAGESZ), Some(4096));
        let info = descriptor_info(&std::fs::read("/proc/self/fdinfo/1").unwrap()).unwrap();
        assert!(info.mount > 0);
    }

    /// proc_pid_mountinfo(5): blanks in names are written in octal.
    #[test]
    fn octal_in_mount_points_is_undone_and_the_peer_group_is_read() {
        let line = b"36 35 98:0 /a\\040b /mnt/x\\134y\\012 rw,noatime master:1 shared:2 - ext3 /dev/root rw\n";
        let mount = mountinfo(line).next().unwrap();
        assert_eq!((mount.id, mount.parent, mount.device, mount.peers), (36, 35, (98, 0), Some(2)));
        let alone = b"36 35 98:0 / /mnt rw,shared:9 master:1 - ext3 shared:7 rw\n";
        assert_eq!(mountinfo(alone).next().unwrap().peers, None);
        assert_eq!((mount.root.as_bytes(), mount.point.as_bytes()), (&b"/a b"[..], &b"/mnt/x\\y\n"[..]));
        assert_eq!((mount.kind.as_bytes(), mount.source.as_bytes()), (&b"ext3"[..], &b"/dev/root"[..]));
    }

    #[test]
    fn a_mapped_path_may_hold_blanks() {
        let line = b"00400000-00452000 r-xs 00000000 08:02 173521      /usr/a b\n";
        let mapping = maps(line).next().unwrap();
        assert_eq!((mapping.start, mapping.end, mapping.ino), (0x400000, 0x452000, 173521));
        assert!(mapping.executable && mapping.shared && !mapping.writable);
        assert_eq!(mapping.path.as_bytes(), b"/usr/a b");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_left_out(bytes in prop::collection::vec(prop::sample::select(b"0129af ():-\\/\n\xffrwxps".to_vec()), 0..300)) {
            let _ = (stat(&bytes), descriptor_info(&bytes), auxv(&bytes, 3), namespace_pids(&bytes));
            let _ = (maps(&bytes).count(), mountinfo(&bytes).count());
        }
    }
}
