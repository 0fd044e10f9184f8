//! The `beckon` binary: the desktop window, the panel served on loopback, and the command line over the same commands.

mod cli;
#[cfg(feature = "window")]
mod desktop;
mod serve;
mod signals;
mod start;
mod ui;
#[cfg(feature = "window")]
mod window;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

/// What a call takes is freed on other threads, the journal's and the writer's, which glibc's allocator is slow at and
/// fragments with. `.cargo/config.toml` tunes this one.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start::log_to_stderr();
    let done = match cli.command {
        None => open(&cli.options),
        Some(Command::Serve(ref args)) => serve::run(&cli.options, args),
        Some(ref command) => cli::run(&cli.options, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beckon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The window; without a display, the same panel in a browser.
#[cfg(feature = "window")]
fn open(options: &cli::Options) -> anyhow::Result<()> {
    if window::has_display() {
        return window::run(options);
    }
    eprintln!(
        "beckon: there is no display here, so the panel is served instead. Open the link in a browser."
    );
    serve::run(options, &cli::ServeArgs::default())
}

#[cfg(not(feature = "window"))]
fn open(options: &cli::Options) -> anyhow::Result<()> {
    eprintln!(
        "beckon: this build has no window, so the panel is served instead. Open the link in a browser."
    );
    serve::run(options, &cli::ServeArgs::default())
}
