#[test]
fn scratch() {
    let dir = std::path::PathBuf::from("/tmp/mist");
    let yaml = std::fs::read_to_string(dir.join("mistakes.yaml")).unwrap();
    let files = tidelock_plan::named_files(&yaml)
        .into_iter()
        .filter_map(|n| Some((n.clone(), std::fs::read_to_string(dir.join(n)).ok()?)))
        .collect();
    let source = crate::common::source("mistakes.yaml", yaml, files);
    let told = crate::common::told(&source);
    let width: usize = std::env::var("W").ok().and_then(|w| w.parse().ok()).unwrap_or(100);
    std::fs::write("/tmp/mist/out.txt", told.render(&source, false, width)).unwrap();
    let json = told.to_json(&source);
    let codes: Vec<String> = json["problems"].as_array().unwrap().iter()
        .map(|p| { assert!(p["help"].as_str().is_some_and(|h| !h.is_empty()), "{p}"); assert!(p["line"].as_u64().is_some(), "{p}"); format!("{} line {}", p["code"].as_str().unwrap_or(""), p["line"]) })
        .collect();
    std::fs::write("/tmp/mist/codes.txt", codes.join("\n") + "\n").unwrap();
}
