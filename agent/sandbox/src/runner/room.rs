//! How much memory the system leaves the agent with all that it starts.
//!
//! A unit file or a pod sets it on a control group, and a compilation that takes all of it takes the agent down with
//! it. Source: the kernel's `Documentation/admin-guide/cgroup-v2.rst`, `memory.max`.

use std::fs;
use std::path::Path;

const GROUPS: &str = "/sys/fs/cgroup";

/// The smallest limit of our group and of those around it, in bytes; none where there is no limit, or it cannot be read.
pub(super) fn limit() -> Option<u64> {
    smallest(&fs::read_to_string("/proc/self/cgroup").ok()?, |group| {
        fs::read_to_string(Path::new(GROUPS).join(group).join("memory.max")).ok()
    })
}

fn smallest(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let ours = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // A group has no limit of its own where it says `max`, and the outermost one has no such file.
    Path::new(ours).ancestors().filter_map(|group| read(group)?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_around_us_counts() {
        let of = |groups: &str, limits: &[(&str, &str)]| {
            smallest(groups, |group| {
                let found = limits.iter().find(|(name, _)| Path::new(name) == group);
                found.map(|(_, limit)| format!("{limit}\n"))
            })
        };
        let unit = "0::/system.slice/tidelock-agent.service\n";
        let own = ("system.slice/tidelock-agent.service", "536870912");
        assert_eq!(of(unit, &[own, ("system.slice", "max")]), Some(512 << 20));
        assert_eq!(of(unit, &[own, ("system.slice", "1048576")]), Some(1 << 20), "the slice has less");
        assert_eq!(of(unit, &[("system.slice/tidelock-agent.service", "max")]), None);
        assert_eq!(
            of("0::/\n", &[("", "268435456")]),
            Some(256 << 20),
            "a pod sees its own group as the root"
        );
        assert_eq!(of("4:memory:/old\n", &[("old", "5")]), None, "the first version has no such file");
        assert_eq!(of(unit, &[]), None);
    }
}
