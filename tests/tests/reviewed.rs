//! Shipped abstractions that no example uses, around the real programs. What a step builds from is written before it is recorded.
use e2e::places;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A command with the environment of a step of its own.
fn inside(mut command: Command, dir: &Path) -> Command {
    command.current_dir(dir.join("work")).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", dir.join("home")).env("TMPDIR", dir.join("tmp"));
    for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
        command.env(name, "a@example.org");
    }
    command
}

fn sekisho(dir: &Path, words: &[&str]) -> Output {
    inside(Command::new(places::sekisho()), dir).args(words).output().expect("run sekisho")
}

fn ends(status: i32, dir: &Path, words: &[&str]) -> String {
    let output = sekisho(dir, words);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{words:?}\n{out}{said}");
    out
}

/// Files that a step builds from: path and content.
type Files = [(&'static str, &'static str)];

/// A step with a tool, and one that goes further than its abstraction allows.
struct Trial {
    name: &'static str,
    tool: &'static str,
    /// Further abstractions that the step needs.
    with: &'static [&'static str],
    /// What else it needs outside its workspace, as lines of a rule.
    and: &'static str,
    files: &'static Files,
    /// Run before each recording, in the workspace.
    prepare: &'static str,
    step: &'static str,
    other: &'static str,
}

impl Trial {
    /// A profile that lets the step do what it likes in its workspace, and otherwise what the abstractions say.
    fn profile(&self, dir: &Path) -> String {
        let listed = ends(0, dir, &["profile", "reviewed"]);
        let pin = |name: &&str| {
            let start = format!("{name}@");
            let line = listed.lines().find(|l| l.starts_with(&start)).expect("it is shipped");
            format!("{:?}", line.trim())
        };
        let pins: Vec<String> = [&self.name].into_iter().chain(self.with).map(pin).collect();
        format!(
            "[profile]\nversion = 1\nname = \"x\"\ninclude = [{}]\n\n[[rule]]\nid = \"own\"\nexec = [\"$WORKSPACE/**\", \"/usr/bin/bash\", \"/usr/bin/dash\"]\n\
             read = [\"$WORKSPACE/**\"]\nchange = [\"$WORKSPACE/**\"]\n{}\n",
            pins.join(", "),
            self.and
        )
    }

    fn place(&self, dir: &Path) {
        for part in ["work", "home", "tmp"] {
            let _ = fs::remove_dir_all(dir.join(part));
            fs::create_dir(dir.join(part)).expect("make a directory");
        }
        for (path, content) in self.files {
            let path = dir.join("work").join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("make a directory");
            fs::write(path, content).expect("write a file");
        }
        if !self.prepare.is_empty() {
            let mut shell = inside(Command::new("sh"), dir);
            let output = shell.args(["-ec", self.prepare]).output().expect("run sh");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// The abstraction allows what the step does outside its workspace and not what the other does, and a profile made of the step
    /// includes it.
    fn is_stood_on(&self) {
        if !Path::new(self.tool).exists() {
            e2e::skips::skip("tests/allowed-skips.txt", self.name, &format!("{} is not installed", self.tool));
            return;
        }
        let dir = tempfile::Builder::new().prefix("sekisho-reviewed-").tempdir().expect("make a temporary directory");
        let dir = dir.path();
        for (file, step) in [("step.rec", self.step), ("other.rec", self.other)] {
            self.place(dir);
            ends(0, dir, &["record", "-o", &format!("../{file}"), "--", "sh", "-ec", step]);
        }
        fs::write(dir.join("p.toml"), self.profile(dir)).expect("write a profile");
        ends(0, dir, &["profile", "fmt", "../p.toml"]);
        ends(0, dir, &["diff", "--profile", "../p.toml", "../step.rec"]);
        ends(1, dir, &["diff", "--profile", "../p.toml", "../other.rec"]);
        let learned = ends(0, dir, &["profile", "new", "../step.rec", "-o", "-"]);
        assert!(learned.contains(&format!("\"{}@sha256:", self.name)), "{learned}");
    }
}

const PLAIN: Trial = Trial { name: "", tool: "", with: &[], and: "", files: &[], prepare: "", step: "", other: "" };
const C: &Files = &[("a.c", "int f(void); int main(void) { return f(); }\n"), ("b.c", "int f(void) { return 0; }\n")];

#[test]
fn git_is_allowed_its_settings_and_no_password() {
    let step = "git init -q r && cd r && echo a > a && git add a && git commit -q -m x && git status >/dev/null";
    let other = "git init -q r && echo x > ~/.git-credentials";
    Trial { name: "git", tool: "/usr/bin/git", step, other, ..PLAIN }.is_stood_on();
}

#[test]
fn curl_is_allowed_its_settings_and_no_host() {
    let step = "curl --version >/dev/null; echo x > out; curl -s file://$PWD/out >/dev/null";
    let other = "curl -s http://127.0.0.1:9/ || true";
    Trial { name: "curl", tool: "/usr/bin/curl", step, other, ..PLAIN }.is_stood_on();
}

#[test]
fn clang_is_allowed_its_temporary_files_and_no_other_compiler() {
    let step = "clang -g -o one a.c b.c && clang -fno-integrated-as -c b.c";
    let other = "clang -g -o one a.c b.c && gcc -c b.c";
    Trial { name: "clang", tool: "/usr/bin/clang", files: C, step, other, ..PLAIN }.is_stood_on();
}

const LISTS: &Files = &[
    ("CMakeLists.txt", "cmake_minimum_required(VERSION 3.10)\nproject(x C)\nadd_executable(x a.c b.c)\n"),
    ("a.c", C[0].1),
    ("b.c", C[1].1),
];

#[test]
fn cmake_is_allowed_to_look_at_the_machine_and_nothing_of_the_home() {
    let step = "cmake -S . -B build >/dev/null && cmake --build build >/dev/null";
    let other = "cmake -E touch ~/x";
    let cmake = Trial { name: "cmake", tool: "/usr/bin/cmake", with: &["gcc", "make"], files: LISTS, ..PLAIN };
    Trial { step, other, ..cmake }.is_stood_on();
}

#[test]
fn ninja_is_allowed_a_shell_and_not_what_that_runs() {
    let step = "cmake -G Ninja -S . -B build >/dev/null && ninja -C build >/dev/null";
    let other = "printf 'rule r\\n  command = perl -e 1 > $out\\nbuild o: r\\n' > build.ninja; ninja >/dev/null";
    let ninja = Trial { name: "ninja", tool: "/usr/bin/ninja", with: &["cmake", "gcc"], files: LISTS, ..PLAIN };
    Trial { step, other, ..ninja }.is_stood_on();
}

const AC: &Files = &[
    ("configure.ac", "AC_INIT([x], [1])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_CHECK_FUNCS([fork])\nAC_OUTPUT\n"),
    ("Makefile.in", "x: a.c b.c\n\t@CC@ -o x a.c b.c\n"),
    ("a.c", C[0].1),
    ("b.c", C[1].1),
];

#[test]
fn a_configure_is_allowed_its_tools_and_no_script_that_it_does_not_come_with() {
    let step = "./configure >/dev/null && make >/dev/null";
    let other = "echo 'perl -e 1' >> configure; ./configure >/dev/null";
    let with = &["gcc", "make"];
    let made = Trial { name: "configure", tool: "/usr/bin/autoconf", with, files: AC, prepare: "autoconf", ..PLAIN };
    Trial { step, other, ..made }.is_stood_on();
}

#[test]
fn autoconf_is_allowed_perl_and_m4_and_nothing_of_the_home() {
    let step = "autoconf";
    let other = "autoconf; echo : > ~/.profile";
    Trial { name: "autotools", tool: "/usr/bin/autoconf", files: AC, step, other, ..PLAIN }.is_stood_on();
}

#[test]
fn pnpm_is_allowed_its_store_and_no_token() {
    let files: &Files = &[
        ("package.json", "{\"name\": \"x\", \"version\": \"1.0.0\", \"dependencies\": {\"y\": \"file:./y.tgz\"}}\n"),
        ("package/package.json", "{\"name\": \"y\", \"version\": \"1.0.0\"}\n"),
    ];
    let prepare = "tar -czf y.tgz package && rm -r package";
    let step = "pnpm install --offline --no-frozen-lockfile --reporter=silent";
    let other = "echo x > ~/.npmrc; pnpm --version";
    Trial { name: "pnpm", tool: "/usr/bin/pnpm", files, prepare, step, other, ..PLAIN }.is_stood_on();
}

#[test]
fn gradle_is_allowed_its_caches_and_no_password() {
    let files: &Files = &[
        ("build.gradle", "apply plugin: 'java'\n"),
        ("settings.gradle", "rootProject.name = 'x'\n"),
        ("src/main/java/x/X.java", "package x; public class X {}\n"),
    ];
    // The one of the distribution: others have caches that were not recorded. Java looks neither at HOME nor at TMPDIR.
    let step = "export GRADLE_USER_HOME=$HOME/.gradle JAVA_TOOL_OPTIONS=\"-Djava.io.tmpdir=$TMPDIR -XX:-UsePerfData\"
        gradle --offline --no-daemon -q jar";
    let other = "mkdir -p ~/.gradle; echo x > ~/.gradle/gradle.properties";
    let and = "listen = [\"[::]:*/udp\"]";
    Trial { name: "gradle", tool: "/usr/share/gradle/bin/gradle", and, files, step, other, ..PLAIN }.is_stood_on();
}
