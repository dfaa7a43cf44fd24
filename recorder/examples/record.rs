//! Records a command with the library alone: `cargo run --example record -- OUT.rec CMD ARG...`
use sekisho_recorder::{Options, record};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let output = args.next().ok_or("name a recording")?;
    let mut options = Options::new(args.collect(), std::env::current_dir()?);
    options.env = std::env::vars_os().collect();
    let recorded = record(&options, std::fs::File::create(output)?, None)?;
    eprintln!("status {} · {} events · {:?}", recorded.status, recorded.tally.events, recorded.duration);
    Ok(())
}
