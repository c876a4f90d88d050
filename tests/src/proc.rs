//! What the system says of a process: its memory and its children.

use std::fs;
use std::io::ErrorKind;

/// The memory of a process that lies in RAM; none when the process is gone.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    memory(pid, "VmRSS:")
}

/// The most that a process ever had in RAM; none when it is gone.
pub fn peak_bytes(pid: u32) -> Option<u64> {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The children of a process whose command line has this word.
///
/// # Panics
/// When there is no `/proc`.
pub fn children(parent: u32, word: &str) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc is there");
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let of = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).unwrap_or("");
        let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        of == parent.to_string() && words.split('\0').any(|one| one == word)
    })
    .collect()
}

/// The processor time that a process has used, in milliseconds; 0 when it is gone.
pub fn cpu_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may hold blanks: user and system time are the 12th and 13th.
    let behind = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = behind.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    // Linux tells them in hundredths of a second on every machine that it runs on.
    ticks.sum::<u64>() * 10
}

/// The names of a process's threads, as the system keeps them: the first 15 bytes of each; none when it is gone.
pub fn threads(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.map(|name| name.trim_end().to_owned()).collect()
}

/// How many files and connections a process has open; 0 when it is gone.
///
/// # Panics
/// When the system does not tell: agent and collector are seen into by root alone.
pub fn open_files(pid: u32) -> usize {
    match fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(open) => open.count(),
        Err(error) => {
            assert_ne!(
                error.kind(),
                ErrorKind::PermissionDenied,
                "the files of {pid}: run this test as root"
            );
            0
        }
    }
}
