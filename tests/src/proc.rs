//! What the system says of a process: its memory and its children.

use std::fs;

/// The memory of a process that lies in RAM; none when the process is gone.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
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
