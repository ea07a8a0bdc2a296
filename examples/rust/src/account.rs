//! The program's own account: CPU time of this thread around each part.

use std::panic::Location;

/// CPU or wall time of a clock, in seconds.
fn clock_seconds(clock: libc::clockid_t) -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writing and lives through the call.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

struct Part {
    name: &'static str,
    function: &'static str,
    line: u32,
    seconds: f64,
}

/// Adds up what each part costs.
#[derive(Default)]
pub struct Account {
    parts: Vec<Part>,
    printed: f64,
}

impl Account {
    /// Calls `work` and adds its CPU time to the part, whose line is the caller's.
    #[track_caller]
    #[inline(never)]
    pub fn measure<T>(&mut self, name: &'static str, function: &'static str, work: impl FnOnce() -> T) -> T {
        let line = Location::caller().line();
        let started = clock_seconds(libc::CLOCK_THREAD_CPUTIME_ID);
        let result = work();
        let seconds = clock_seconds(libc::CLOCK_THREAD_CPUTIME_ID) - started;
        match self.parts.iter_mut().find(|part| part.name == name) {
            Some(part) => part.seconds += seconds,
            None => self.parts.push(Part { name, function, line, seconds }),
        }
        result
    }

    /// Prints one JSON line, at most once a second unless forced.
    pub fn print(&mut self, force: bool) {
        let now = clock_seconds(libc::CLOCK_MONOTONIC);
        if !force && now - self.printed < 1.0 {
            return;
        }
        self.printed = now;
        let total: f64 = self.parts.iter().map(|part| part.seconds).sum();
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|part| {
                let share = if total > 0.0 { part.seconds / total } else { 0.0 };
                format!(
                    r#"{{"name":"{}","file":"src/main.rs","function":"{}","line":{},"share":{share:.6}}}"#,
                    part.name, part.function, part.line
                )
            })
            .collect();
        let cpu = clock_seconds(libc::CLOCK_PROCESS_CPUTIME_ID);
        println!(r#"{{"cpuSeconds":{cpu:.6},"measuredSeconds":{total:.6},"parts":[{}]}}"#, parts.join(","));
    }
}
