//! Every code with its meaning: `tidelock plan explain E015`.

/// What each code is, in a line, and why it is refused.
const CODES: &[(&str, &str, &str)] = &[
    (
        "E001",
        "the file is not YAML",
        "The text can't be read as YAML, so nothing behind this place was looked at. The cause is often on the line before: a missing quote or bracket, or an indent that does not match its neighbours.",
    ),
    (
        "E002",
        "the file is empty, too large or too deep",
        "A plan is one YAML document of at most 1 MiB, with at most 50000 values and 40 levels, aliases counted with what they stand for. The bounds keep a damaged or hostile file from stopping the collector.",
    ),
    (
        "E003",
        "a tab stands in the indentation",
        "YAML forbids tabs in indentation, and readers disagree on what they mean elsewhere. Indent with spaces.",
    ),
    (
        "E004",
        "the same thing is given twice",
        "Of two equal keys one would win without a word. A name in a list that stands there twice is a mistake of the same kind.",
    ),
    (
        "E005",
        "a boolean of YAML 1.1",
        "yes, no, on, off, True and FALSE are booleans for older readers of YAML and text for newer ones. Write true or false, or put the text in quotes.",
    ),
    (
        "E006",
        "a tag, a merge key or an alias without an anchor",
        "Tags (!…) and merge keys (<<) change the meaning of a value in ways that readers disagree on. Anchors and aliases may be used for whole values.",
    ),
    (
        "E007",
        "unknown field",
        "A field that nobody reads is most often a typing mistake, and the promise it was meant to make would be missing. The help lists the fields that this place has.",
    ),
    ("E008", "a field is missing", "The plan can't be obeyed without it."),
    (
        "E009",
        "a value of the wrong kind",
        "A list, a mapping, text, a number or a boolean was expected. Text that looks like a number must stand in quotes.",
    ),
    ("E010", "not one of the words", "The field takes one of a few words."),
    (
        "E011",
        "not a name, or text with hidden characters",
        "Names have lower-case ASCII letters, digits, '-', '_' and '.', begin and end with a letter or digit, and are at most 63 bytes long: they appear in certificates, file names and metrics. Text must not hold invisible or direction-changing characters, or blanks at its ends.",
    ),
    (
        "E012",
        "not a duration",
        "Write a whole number and one unit: 500ms, 5s, 10m, 1h, 7d. A bare number is refused, since seconds and milliseconds have been confused before.",
    ),
    (
        "E013",
        "a number or a list out of its bounds",
        "The help names the bounds. NaN, infinity, octal and hexadecimal numbers are refused, and so are numbers too large to be kept exactly.",
    ),
    (
        "E014",
        "a plan of another format",
        "The first line says which format the plan has. This release reads plan/v1.",
    ),
    (
        "E015",
        "a gate needs what nobody checks",
        "The gate names something that is neither a scenario nor a manual check. It would never open.",
    ),
    (
        "E016",
        "a gate needs what does not run before it",
        "A gate is asked in the phase before its own. A scenario that does not run in that phase has only stale evidence there, and a manual check of a later phase can't have been made: the gate would never open. `all` of nothing is no evidence either.",
    ),
    (
        "E017",
        "a critical scenario holds no gate",
        "It is said to be critical, and no gate waits for it: the migration would go on while it fails.",
    ),
    ("E018", "an unknown person", "Deciders, deputies and owners must be in `people`."),
    (
        "E019",
        "too few people for a decision",
        "More approvals are asked for than there are people who may give one, or nobody is named. The gate would never open.",
    ),
    (
        "E021",
        "a target is missing on a side",
        "The scenario runs on a side that does not grant the target it names. A scenario that runs on both sides needs its targets on both.",
    ),
    (
        "E022",
        "a target's address, path or credential can't be used",
        "A target is an origin (scheme, host, port) with path prefixes, or host:port/database. The plan grants exactly this, so it must be readable without guessing.",
    ),
    (
        "E023",
        "a private address without a grant",
        "Private, loopback, link-local and metadata addresses are reached only when the plan grants the range in numbers: `addresses`. This keeps a plugin from being used to look around in your network.",
    ),
    (
        "E024",
        "a secret in clear text",
        "A plan is shown, mailed and kept for ever. Write secret:NAME and give the value to the agents alone. If the secret was real and this file was shared, change it.",
    ),
    (
        "E025",
        "not a reference to a secret",
        "Write secret: and a name of lower-case letters, digits, '-', '_' and '.'.",
    ),
    (
        "E026",
        "a URL where a target's name belongs",
        "Scenarios name targets; what a target is stands once for each side under environments. Only so can the same scenario run on both sides and the plan grant what it may reach.",
    ),
    (
        "E027",
        "source and target are the same place",
        "A side that is compared with itself always agrees: the gates would open on nothing.",
    ),
    (
        "E028",
        "fewer agents allowed than needed",
        "The gates would wait for agents that may not enrol. A scenario may ask for more agents of a side than the side does, and for no more than may be there.",
    ),
    (
        "E029",
        "a timeout longer than the interval",
        "A run must have ended before the next one is due. Otherwise runs are skipped and evidence is missing.",
    ),
    (
        "E030",
        "a critical scenario takes over a long timeout",
        "For a customer an answer after more than 5s is a failure. If it may take longer, the scenario itself must say so.",
    ),
    (
        "E031",
        "a short time without rehearsal_scale",
        "Times below 5s prove little. They are for rehearsals and demos, which say so with rehearsal_scale: true, shown on every screen.",
    ),
    (
        "E032",
        "an unknown plugin",
        "Write builtin:NAME for a plugin of this release, a path that ends in .wasm, or sha256:HEX for a component that was pushed.",
    ),
    (
        "E033",
        "a plugin is not pinned, or pinned to other content",
        "A component is named by its sha256, so that nobody can put another one in its place. `tidelock plan pin` writes it.",
    ),
    (
        "E034",
        "a file that can't be taken",
        "Flow and certificate files lie beside the plan or in a folder below it, are at most 256 KiB long, and become part of the revision.",
    ),
    (
        "E035",
        "a file that does not hold what it should",
        "A flow is a mapping with steps. A certificate file holds an authority's certificate in PEM, and never a key.",
    ),
    (
        "E036",
        "a claim that claims nothing, or can't hold",
        "A claim needs something to hold: a bound, a gauge with all three of enter, leave and for, an objective above its margin, some slack. at_least must not be above at_most, and a gauge is left above where it is entered.",
    ),
    (
        "E037",
        "a critical scenario without a claim",
        "A critical scenario that claims nothing has to prove that it succeeds on the target as often as on the source. One that runs on the source alone can't, so what must hold there must be said: a drained queue, silence, a bound on a measure, or runs in a row.",
    ),
    (
        "E038",
        "the end of the window is announced before it begins",
        "warn_before must be shorter than window.",
    ),
    (
        "E039",
        "findings that are stale before the next one comes",
        "fresh_for must be at least every + timeout. Otherwise the gate would shut between two good runs.",
    ),
    (
        "E040",
        "a deadline that can't be met",
        "The shortest proof and stable_for take at least as long as the gate has time: it would always be late. `tidelock plan timeline` shows what each gate takes at best.",
    ),
    (
        "E041",
        "one name for two things",
        "A gate that needs the name could not say which of the two it means. Nor could a hold of the collector's own, which stands under `collector`, where a person has that name; nor an override, which names a hold such as `rehearsal` by its word, where a check is called so.",
    ),
    (
        "E042",
        "a decision that does not belong to the gate",
        "The switch is opened by the decision cutover and the completion by commit. valid_for is the life of an approval and needs a decision.",
    ),
    (
        "E043",
        "a gate that needs nothing",
        "It would open at once, and look as if something had been checked.",
    ),
    (
        "E044",
        "a limit of the way back that nobody measures",
        "What limits the way back must be measured in the phases cutover and watch, when going back is in question.",
    ),
    (
        "E045",
        "not a percentage, or one that can't be proved",
        "Shares are written with a percent sign: 5%, 99.9%. A bare number could be read in two ways, and a share of nothing or of everything is never proved.",
    ),
    (
        "E046",
        "an interval that divides no slot",
        "Evidence is weighed in slots of 10, 15, 20, 30 or 60 seconds, shorter ones in a rehearsal. Each agent must owe the same number of results in every slot, so the interval has to divide it.",
    ),
    (
        "E047",
        "too few results in a slot",
        "Each side must owe at least four results in a slot of at most 60 seconds, from as many agents as `agents.at_least` of the side or of the scenario says. With fewer a single failure would be a quarter of everything that is known, and the proof would never come. Add an agent, shorten the interval, or count instead of proving.",
    ),
    (
        "E048",
        "a claim that can't be answered on this side",
        "A comparison needs both sides, and a proof of success is about the target. On the side where the scenario runs the claim would never hold.",
    ),
    (
        "E049",
        "a silence too short for what it should rule out",
        "Who sees nothing for a while has ruled out only what would most likely have shown itself: at an error rate of 5% six events an hour take 33.5 minutes, the next try takes longer.",
    ),
    (
        "E050",
        "a grace that can't work",
        "A result may be on its way as long as the scenario's timeout, and a little longer. With a shorter grace what hangs comes too late to count; with a very long one no slot closes in time.",
    ),
    (
        "E051",
        "no point of no return, or more than one",
        "Up to one moment everything can be taken back, from it on nothing is. A runbook without it leaves that to whoever is tired at four in the morning, one with two says two different things. It stands before writes open on the target.",
    ),
    (
        "E052",
        "a runbook that moves no traffic",
        "A cutover and a way back each have a step of the kind route. One that moves no traffic changes nothing for anybody.",
    ),
    (
        "E053",
        "traffic that writes is routed too early",
        "First a fence shuts the writes of the source, then the target catches up with what was in flight, then traffic goes over. A position that is read before the last write ended loses rows, and nobody sees them missing. Where the writes of both sides go to the target's database, say so: writes_from_both_sides_go_to: target.",
    ),
    (
        "E054",
        "weights while writes are shut",
        "After a fence the share of traffic that stays behind could not write. Move all of it at once, or write writes_from_both_sides_go_to: target where that is so.",
    ),
    (
        "E055",
        "traffic on a side whose writes are shut for too long",
        "Customers are where traffic is. The planned time in which a side has traffic and takes no writes is longer than the shortest may_dip of a scenario that writes.",
    ),
    (
        "E056",
        "writes are opened too early, or never",
        "Writes open on one side only after a fence has proved that they are shut on the other, after everything of it has arrived, and after the point of no return. A runbook that shuts them must open them too.",
    ),
    (
        "E057",
        "the reverse feed begins after the switch",
        "A feed that reads its position after traffic has moved misses what was written before it began: the way back would lose rows silently. A step of the kind reverse takes the position before traffic and writes move; another one may start the feed later.",
    ),
    (
        "E058",
        "a step that can't be taken back",
        "Before the point of no return a failure, a missed deadline, a hold or a lost lease runs the undos in reverse order. Each step that runs something there needs one. A way back without a point of no return of its own is never undone.",
    ),
    (
        "E059",
        "a step is proved by what nobody checks",
        "What stands in `after` is a scenario that runs while the steps are walked: in the phase cutover, or in rolling-back for the way back. A scenario that proves a step of the way back and runs in watch goes on in rolling-back by itself.",
    ),
    (
        "E060",
        "nothing confirms that traffic has moved",
        "A command that ended with 0 is no proof that customers arrive where they were sent. Name scenarios in `after`, or add a step of the kind confirm.",
    ),
    (
        "E061",
        "writes are shut for longer than agreed",
        "The planned times from the fence to the opening add up to more than the shortest may_dip of a scenario that writes. The gate cutover would never open, and the fence would be undone in the middle.",
    ),
    (
        "E062",
        "a field that the step would not honour",
        "Readings belong to fences, weights and {weight} to routes, commands to steps that run something. A point of no return is one record in the journal and nothing else.",
    ),
    (
        "E063",
        "weights that do not lead to the end",
        "The weights of all routes of a cutover rise up to 100%, those of a way back fall to 0%. What comes in between can be looked at and baked.",
    ),
    (
        "E064",
        "a command that can't be run as it stands",
        "A command is a list: the program, then its arguments, each on its own. No shell reads it. `env` names variables and holds no values.",
    ),
    (
        "E065",
        "a step that can't be in time",
        "Three fresh rounds of each check in `after`, the bake and the two readings of a fence all have to fit into the deadline, and the readings into what is planned.",
    ),
    (
        "E066",
        "a step would break what must always hold",
        "Two sides must never accept writes, and what `assertions` says must hold after every step and after every undo. The message names the step.",
    ),
    (
        "E067",
        "a rehearsal of what is not there",
        "A gate that asks for a rehearsal needs a runbook, with rollback: true also one of the way back, and is asked before the switch: ready or cutover.",
    ),
    (
        "E068",
        "an automatic way back without steps or a price",
        "With automatic: recommended a recommendation decides, and `tidelock rollback run --when-decided` walks the steps. Without rollback.runbook there is nothing to walk, and without rollback.possible_while nobody knows what it would lose: then it is never decided by itself.",
    ),
    (
        "E069",
        "first minutes that nobody sees",
        "What is watched right after the switch is a scenario that runs on the target in watch.",
    ),
    (
        "E070",
        "an owner that nobody sees",
        "A job, worker, scheduler or consumer has one owning side before the switch and the other one after it. The scenario that sees it run looks at both sides, in cutover and in watch.",
    ),
    (
        "E071",
        "a receiver that can't be used",
        "A receiver of messages is { slack: secret:NAME } or { cloudevents: https://…, secret: secret:NAME }.",
    ),
    ("E909", "not yet: this kind of queue", "queue-drain reads RabbitMQ now."),
    ("E910", "not yet: this kind of credential", "Now there are bearer, basic, header and form."),
    (
        "E912",
        "not yet: components from a registry",
        "Fetch the file, push it with `tidelock plugin push`, and pin it.",
    ),
    (
        "W001",
        "stable_for is shorter than two runs",
        "With less than two runs inside, one lucky moment would count as stability.",
    ),
    ("W002", "something holds no gate", "It is checked and shown, but nothing waits for it."),
    (
        "W003",
        "a target that nobody uses",
        "A grant without a use is a grant too many. Where pages must not come from a side (`no_dependency_on`), its targets are used: they say what belongs to it.",
    ),
    ("W004", "two names that look alike", "In the night one is read for the other."),
    (
        "W005",
        "a scenario that can reach nothing",
        "Without a target in its settings a plugin has nothing to look at.",
    ),
    (
        "W006",
        "a claim on a measure that the plugin does not report",
        "The measure would never come, and the gate would hold for ever.",
    ),
    ("W007", "no rollback window", "Nobody is told until when going back is possible."),
    (
        "W008",
        "one person is the only voice twice",
        "Who decided the switch should not be alone in calling it a success.",
    ),
    (
        "W009",
        "the commit comes after the way back has ended",
        "Between the two nobody can go back and nobody has said that it is fine.",
    ),
    (
        "W010",
        "source and target seem to be the same place",
        "The same private address may be two places in two networks, or one place twice: a side that is compared with itself always agrees. Give the sides different addresses or names.",
    ),
    (
        "W011",
        "an undo that is never run",
        "After the point of no return nothing is undone: there is only forward, or rollback.runbook. A way back without a point of no return goes on until it has arrived.",
    ),
    (
        "W012",
        "writes are shut without a limit",
        "No scenario that writes says how long it may be away (may_dip), so the fence would stay however long it takes.",
    ),
    (
        "W013",
        "deadlines that come after the fence was undone",
        "The fence is undone when the shortest may_dip is used up. Deadlines that add up to more never come, and the step that is late is not named.",
    ),
    (
        "W014",
        "messages without a signature",
        "Who receives them can't tell Tidelock from anybody else who knows the address.",
    ),
    (
        "W015",
        "one person alone may override a hold",
        "Break-glass is for the worst hour, when one person alone is most likely to be wrong.",
    ),
    (
        "W016",
        "a setting that the plugin does not know",
        "A plugin of this release refuses settings that it does not know: each run would end as not run, and the gate would hold. Settings of other components are their own.",
    ),
    (
        "W017",
        "no canary",
        "A gate believes what agents tell it. The canary is a check that must fail: an agent on which it passes, or which does not bring it, tells no failures at all and is held by name. Without it nobody asks.",
    ),
];

/// What a code means and why it is refused, for people.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(code)).map(|(_, _, long)| *long)
}

/// Every code with its meaning in a line.
pub fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CODES.iter().map(|(code, short, _)| (*code, *short))
}
