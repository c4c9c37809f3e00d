//! The table of the keys that are no settings: the reader knows no other, and what holds without a key is what its row says.

use gradsweep::columns;
use gradsweep::experiment::keys::{CLAIM, COMPARE, FIGURE, FILE, RECORD, REQUIRED, SECTIONS, Section};
use gradsweep::experiment::{Experiment, ExperimentError, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::run::spec::ON_REQUEST;
use std::collections::BTreeSet;

const BASE: &str = "[axes]\ndepth = [2, 4]\n\"optimizer.lr\" = [0.1, 0.2]\noptimizer = [\"sgd\", \"adam\"]\n";

/// An experiment with one line in a section.
fn with(section: &Section, line: &str) -> String {
    let mut parts = vec![
        (FILE.name, "name = \"x\"\nseeds = 4\n".to_string(), String::new()),
        (RECORD.name, "[record]\n".into(), String::new()),
        (FIGURE.name, "[[figure]]\n".into(), "kind = \"gradient_by_layer\"\nwhere = { depth = 4, \"optimizer.lr\" = 0.1, optimizer = \"sgd\" }\n".into()),
        (
            CLAIM.name,
            "[[claim]]\n".into(),
            "says = \"deep\"\nmetric = \"train_loss\"\nexpect = { above = 0 }\neach = [\"depth\", \"optimizer\", \"optimizer.lr\"]\n".into(),
        ),
        (COMPARE.name, "[compare]\n".into(), String::new()),
    ];
    let key = line.split(" = ").next().unwrap();
    for (name, head, own) in &mut parts {
        if *name == section.name {
            // The line takes the place of the one that would be there.
            let kept = |text: &str| -> String {
                text.lines().filter(|l| l.split(" = ").next() != Some(key)).map(|l| format!("{l}\n")).collect()
            };
            (*head, *own) = (format!("{}{line}\n", kept(head)), kept(own));
        }
    }
    let texts: Vec<String> = parts.into_iter().map(|(_, head, own)| head + &own).collect();
    format!("{}{BASE}{}", texts[0], texts[1..].concat())
}

/// What of a plan the keys decide.
fn asked(text: &str) -> Result<String, ExperimentError> {
    let plan = Experiment::parse(text, "x.toml", FACTS)?.plan(&Overrides::default())?;
    let mut figures = plan.figures;
    figures.iter_mut().for_each(|figure| figure.step = figure.step.take().or(Some("first".into())));
    let seeds = (plan.seeds, plan.experiment_seed);
    Ok(format!("{:?}", (seeds, plan.cadence, plan.labels, figures, plan.compare, plan.claims)))
}

#[test]
fn what_holds_without_a_key_is_what_its_row_says() {
    let mut tried = 0;
    for section in [&RECORD, &FIGURE, &CLAIM, &COMPARE] {
        for key in section.keys {
            let line = format!("{} = {}", key.name, key.default);
            // Others are words about the default; `axes` is a heat map's alone.
            if toml::from_str::<toml::Table>(&line).is_err() || ["where", "each", "axes"].contains(&key.name) {
                continue;
            }
            let with = asked(&with(section, &line)).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(with, asked(&self::with(section, "")).unwrap(), "{} {line}", section.name);
            tried += 1;
        }
    }
    assert!(tried >= 9, "{tried}");
}

#[test]
fn every_section_refuses_what_is_not_in_its_table_and_needs_what_is_required() {
    for section in [&RECORD, &FIGURE, &CLAIM, &COMPARE] {
        let error = asked(&with(section, "frobnicate = 1")).unwrap_err();
        assert_eq!(error.message, format!("unknown key of {} `frobnicate`", section.name));
        assert!(section.names().all(|name| error.help.contains(&format!("`{name}`"))), "{}", error.help);
        for key in section.keys.iter().filter(|key| key.default == REQUIRED) {
            let text = with(section, "");
            let without: String = text.lines().filter(|l| !l.starts_with(key.name)).map(|l| format!("{l}\n")).collect();
            let error = asked(&without).unwrap_err();
            assert!(error.message.contains(&format!("no `{}`", key.name)), "{}: {error}", key.name);
        }
    }
}

#[test]
fn every_key_of_the_table_is_known_to_the_reader() {
    for section in [&RECORD, &FIGURE, &CLAIM, &COMPARE, &FILE] {
        for key in section.keys {
            if let Err(error) = asked(&with(section, &format!("{} = \"nonsense\"", key.name))) {
                assert!(!error.message.starts_with("unknown"), "{} {}: {error}", section.name, key.name);
            }
        }
    }
    assert_eq!(SECTIONS.len(), 8);
}

#[test]
fn a_kind_that_is_set_takes_the_options_that_it_does_not_have_away() {
    let base = "name = \"x\"\n[base]\ninit = { kind = \"gaussian\", sigma_w = 1.5 }\noptimizer = { kind = \"momentum\", lr = 0.02, momentum = 0.5 }\n";
    let plan = |set: &str| {
        let set: Vec<String> = set.split(';').map(String::from).collect();
        Experiment::parse(base, "x.toml", FACTS)?.plan(&Overrides { set, ..Overrides::default() })
    };
    for set in
        ["init=he_normal", "init.kind=he_normal", "init=[\"he_normal\", \"orthogonal\"]", "init={kind=\"he_normal\"}"]
    {
        let plan = plan(set).unwrap_or_else(|e| panic!("{set}: {e}"));
        assert!(plan.cells.iter().all(|cell| cell.settings.get("init.sigma_w").is_none()), "{set}");
    }
    // What both have stays, as a variant would leave it.
    let adam = plan("optimizer=adam").unwrap();
    assert_eq!(adam.cells[0].settings.float("optimizer.lr"), Some(0.02));
    let both = plan("init=[\"gaussian\", \"he_normal\"]").unwrap();
    assert_eq!(both.cells[0].settings.float("init.sigma_w"), Some(1.5));
    assert!(plan("init=he_normal;init.sigma_w=2").is_err(), "an option that was asked for is not dropped");
}

/// A column that is empty unless it is asked for names a key that turns it on.
#[test]
fn what_columns_are_measured_on_request_are_flags_of_record() {
    let asked_for = columns::FILES.iter().flat_map(|(_, _, tables)| tables.iter().copied().flatten());
    let keys: BTreeSet<&str> = asked_for.filter_map(|column| column.recorded).collect();
    assert!(!keys.is_empty() && keys.iter().all(|key| ON_REQUEST.contains(key)), "{keys:?}");
    for key in ON_REQUEST {
        assert!(RECORD.keys.iter().any(|own| own.name == key && own.default == "false"), "{key}");
    }
}
