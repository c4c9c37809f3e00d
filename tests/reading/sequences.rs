//! Rows as sequences, and which settings which kind of network has.

use gradsweep::data::{DataError, Dataset, Guesses, Places, load};
use gradsweep::experiment::plan::Plan;
use gradsweep::experiment::{Experiment, ExperimentError, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::ops::loss::Loss;
use gradsweep::setting::Settings;

fn plan(base: &str) -> Result<Plan, ExperimentError> {
    let text = format!("name = \"x\"\n[base]\n{base}\n");
    Experiment::parse(&text, "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default()))
}

fn settings(base: &str) -> Settings {
    plan(base).unwrap().cells[0].settings.clone()
}

fn data(base: &str) -> Result<Dataset, DataError> {
    load(&plan(base).unwrap().datasets().settings[0], &Places::default())
}

#[test]
fn a_recurrent_net_reads_images_by_rows_and_other_data_number_by_number() {
    for (base, shape) in [
        ("network = \"mlp\"", vec![64]),
        ("network = \"rnn\"", vec![8, 8]),
        ("network = \"lstm\"\ndata = { kind = \"digits\", as = \"pixels\" }", vec![64, 1]),
        ("network = \"gru\"\ndata = \"mnist1d\"", vec![40, 1]),
        ("network = \"transformer\"", vec![8, 8]),
        ("network = \"gru\"\ndata = { kind = \"teacher\", features = 9, as = \"rows\" }", vec![3, 3]),
        ("data = { kind = \"adding\", length = 12 }", vec![12, 2]),
        ("data = { kind = \"parity\", length = 12 }", vec![12, 1]),
        ("data = { kind = \"lag\", length = 12, features = 3 }", vec![12, 3]),
        ("network = \"gru\"\ndata = { kind = \"copy_memory\", length = 12, copied = 4, symbols = 3 }", vec![20, 5]),
    ] {
        let data = data(base).unwrap();
        assert_eq!(data.shape, shape, "{base}");
        assert_eq!(data.train.x.len(), data.train.rows * data.features());
    }
    let read_out = |base: &str| settings(base).text("network.read_out").map(String::from);
    let copies = "data = \"copy_memory\"";
    assert_eq!(read_out(&format!("network = \"rnn\"\n{copies}")).as_deref(), Some("every"));
    assert_eq!(read_out(&format!("network = \"transformer\"\n{copies}")).as_deref(), Some("every"));
    assert_eq!(read_out("network = \"rnn\"").as_deref(), Some("last"));
    // Fully connected nets are as they were: one layer where a stack is asked for none.
    assert_eq!((settings("steps = 1").int("depth"), settings("steps = 1").text("data.as")), (Some(8), Some("flat")));
    assert_eq!(settings("network = \"rnn\"").int("depth"), Some(1));
}

#[test]
fn the_order_of_pixels_is_that_of_the_image_or_one_shuffled_for_all() {
    let of = |read: &str| data(&format!("network = \"rnn\"\ndata = {{ kind = \"digits\", as = \"{read}\" }}")).unwrap();
    let (flat, rows, pixels, permuted) = (data("steps = 1").unwrap(), of("rows"), of("pixels"), of("permuted_pixels"));
    assert!(flat.train == rows.train && flat.train == pixels.train && flat.test == pixels.test);
    let place = |at: usize| {
        let column = |x: &[f64], at: usize| x.iter().skip(at).step_by(64).copied().collect::<Vec<f64>>();
        let own = column(&permuted.train.x.to_vec(), at);
        let found = (0..64).find(|other| column(&pixels.train.x.to_vec(), *other) == own);
        found.unwrap_or_else(|| panic!("pixel {at} is none of the image"))
    };
    let order: Vec<usize> = (20..44).map(place).collect();
    assert!(order.windows(2).any(|pair| pair[1] != pair[0] + 1), "{order:?}");
    assert_ne!(permuted.digest, pixels.digest);
}

/// The guard of the memory asks before anything is drawn.
#[test]
fn no_generated_data_hold_more_numbers_than_are_foretold() {
    let rows = gradsweep::data::SETTINGS.iter().chain(gradsweep::data::sequence::SETTINGS);
    for word in rows.filter(|row| row.key == "data.n").flat_map(|row| row.of) {
        let own = settings(&format!("data = {{ kind = \"{word}\", n = 40 }}"));
        let data = load(&own, &Places::default()).unwrap();
        let parts = [Some(&data.train), data.validation.as_ref(), data.test.as_ref()];
        let made: usize = parts.into_iter().flatten().map(|part| part.x.len()).sum();
        let foretold = gradsweep::data::numbers_generated(&own);
        assert!(made > 0 && foretold >= made as f64, "{word}: {made} numbers, {foretold} foretold");
    }
}

/// Who knows the step and remembers nothing guesses blanks for certain, and each of K symbols with 1 / K at the last S steps.
#[test]
fn the_baseline_of_copy_memory_knows_the_step_and_nothing_else() {
    let (delay, copied, symbols) = (20.0, 5.0, 4.0f64);
    let data =
        data("network = \"lstm\"\ndata = { kind = \"copy_memory\", length = 20, copied = 5, symbols = 4, n = 4000 }")
            .unwrap();
    let steps = delay + 2.0 * copied;
    let guess = Guesses::of(&data, &Loss::CrossEntropy.into()).unwrap().test.unwrap();
    // Of 400 rows: each of the twenty shares of symbols has a standard deviation of 0.02.
    assert!((guess.loss.unwrap() * steps / (copied * symbols.ln()) - 1.0).abs() < 0.01, "{guess:?}");
    let right = guess.accuracy.unwrap() * steps - (delay + copied);
    assert!((copied / symbols..copied / symbols + 0.3).contains(&right), "{guess:?}");
    assert_eq!(guess.balanced_accuracy, None);
}

#[test]
fn what_asks_for_an_answer_at_every_step_is_read_by_nets_that_give_one() {
    let wrong = |base: &str| {
        let plan = plan(base).unwrap();
        let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
        let facts = gradsweep::experiment::plan::DataFacts {
            digest: data.digest.clone(),
            train_rows: data.train.rows,
            sizes: data.sizes(),
            answers: data.train.answers(),
            is_padded: false,
            change: data.change.clone(),
            targets: data.train.targets.compared(),
        };
        plan.check_data(&[facts]).map_err(|error| error.to_string())
    };
    let copies = "data = { kind = \"copy_memory\", n = 100 }";
    for (network, said) in [
        ("\"mlp\"", "this network gives one"),
        ("\"conv\"", "this network gives one"),
        ("{ kind = \"lstm\", read_out = \"mean\" }", "`mean` gives one"),
        ("{ kind = \"transformer\", read_out = \"class_token\" }", "`class_token` gives one"),
    ] {
        let error = wrong(&format!("network = {network}\n{copies}")).unwrap_err();
        assert!(error.contains("a target at each of 70 time steps") && error.contains(said), "{error}");
        assert!(error.contains("write network.read_out = \"every\"") && error.contains("x.toml:3"), "{error}");
    }
    for network in ["\"rnn\"", "\"transformer\""] {
        assert_eq!(wrong(&format!("network = {network}\n{copies}")), Ok(()));
    }
}

#[test]
fn sequences_of_unlike_lengths_are_for_nets_that_read_step_after_step() {
    let checked = |network: &str| {
        let facts = gradsweep::experiment::plan::DataFacts {
            digest: "d".into(),
            train_rows: 100,
            sizes: gradsweep::data::Sizes { input: vec![8, 2], outputs: 2 },
            answers: 1,
            is_padded: true,
            change: None,
            targets: gradsweep::ops::loss::Compared::Classes(2),
        };
        plan(&format!("network = {network}\ndata = \"adding\""))
            .unwrap()
            .check_data(&[facts])
            .map_err(|e| e.to_string())
    };
    for network in ["\"rnn\"", "{ kind = \"lstm\", read_out = \"mean\" }", "\"gru\""] {
        assert_eq!(checked(network), Ok(()));
    }
    for (network, cure) in [
        ("\"mlp\"", "write network = \"rnn\""),
        ("\"transformer\"", "write network = \"rnn\""),
        ("{ kind = \"gru\", read_out = \"every\" }", "write network.read_out = \"last\""),
    ] {
        let error = checked(network).unwrap_err();
        assert!(error.contains("sequences of unequal length") && error.contains(cure), "{error}");
    }
}

#[test]
fn what_has_no_time_steps_or_no_such_setting_is_told_with_the_cure() {
    let rows = data("network = \"rnn\"\ndata = { kind = \"mnist1d\", as = \"rows\" }").unwrap_err().to_string();
    assert!(rows.contains("not a square image") && rows.contains("pixels"), "{rows}");
    let lag = data("data = { kind = \"lag\", length = 10, lag = 10 }").unwrap_err().to_string();
    assert!(lag.contains("beyond the first of 10 steps") && lag.contains("at most 9"), "{lag}");
    for (base, kind, cure) in [
        ("network = \"rnn\"\nwidths = [3, 4]", "rnn", "it belongs to mlp"),
        ("network = \"rnn\"\nnorm = { kind = \"batch\", momentum = 0.2 }", "rnn", "it belongs to conv, mlp"),
        ("network = \"lstm\"\nactivation = \"relu\"", "lstm", "it belongs to conv, mlp, rnn"),
        ("init.recurrent = \"orthogonal\"", "mlp", "it belongs to gru, lstm, rnn"),
        ("network = { kind = \"gru\", forget_bias = 1 }", "gru", "it belongs to lstm"),
        ("network = { kind = \"rnn\", heads = 2 }", "rnn", "it belongs to transformer"),
        ("network = \"transformer\"\nresidual = true", "transformer", "it belongs to conv, gru, lstm, mlp, rnn"),
        ("init.positions = 0.1", "mlp", "it belongs to transformer"),
    ] {
        let error = plan(base).unwrap_err().to_string();
        assert!(error.contains(&format!("does not apply where `network` is \"{kind}\"")), "{error}");
        assert!(error.contains(cure) && error.contains("x.toml:"), "{error}");
    }
    let misfit = |base: &str, input: &[usize]| {
        let facts = gradsweep::experiment::plan::DataFacts {
            digest: "d".into(),
            train_rows: 100,
            sizes: gradsweep::data::Sizes { input: input.to_vec(), outputs: 10 },
            answers: 1,
            is_padded: false,
            change: None,
            targets: gradsweep::ops::loss::Compared::Classes(10),
        };
        plan(base).unwrap().check_data(&[facts]).unwrap_err().to_string()
    };
    let error = misfit("network = \"rnn\"\ndata = { kind = \"digits\", as = \"flat\" }", &[64]);
    assert!(error.contains("one time step after the other") && error.contains("data.as = \"pixels\""), "{error}");
    for (base, wrong, cure) in [
        ("network = { kind = \"rnn\", bptt = 9 }", "longer than the sequences", "at most 8"),
        (
            "batch = 10\nepochs = 5\nschedule = \"plateau\"",
            "the learning rate never drops: a run of 5 epochs",
            "at most 2",
        ),
        ("steps = 50\nschedule = { kind = \"step\", every = 50 }", "a drop every 50 steps never happens", "at most 49"),
    ] {
        let error = misfit(base, &[8, 8]);
        assert!(error.contains(wrong) && error.contains(cure) && error.contains("x.toml:"), "{base}: {error}");
    }
    let error = misfit("network = \"transformer\"\ndata = { kind = \"digits\", as = \"flat\" }", &[64]);
    assert!(error.contains("reads tokens") && error.contains("data.as = \"rows\""), "{error}");
    for (base, wrong, cure) in [
        ("network = { kind = \"transformer\", heads = 5 }", "do not divide a width of 64", "write network.heads = 4"),
        ("network = \"transformer\"\nnorm = \"batch\"", "normalizes each token", "write norm = \"layer\""),
        ("network = \"transformer\"\nnorm.place = \"after\"", "\"after\" an activation", "write norm.place = \"pre\""),
        (
            "norm = { kind = \"layer\", place = \"pre\" }",
            "place of norms in transformers only",
            "write norm.place = \"before\"",
        ),
        ("network = \"rnn\"\nbatch_norm = true", "each time step over its units", "write norm = \"layer\""),
        (
            "network = \"gru\"\nnorm = { kind = \"rms\", place = \"after\" }",
            "not its output",
            "write norm.place = \"before\"",
        ),
        ("network = \"lstm\"\nresidual = true", "a form of other networks", "write residual = \"identity\""),
        (
            "network = \"lstm\"\nresidual = \"identity\"",
            "between stacked layers, but there is only one",
            "write depth = 2",
        ),
        ("network = \"gru\"\ndepth = 0", "`gru` needs at least one recurrent layer", "write depth = 1"),
        ("network = \"gru\"\ndropout = 0.5", "between stacked layers, but there is only one", "write depth = 2"),
        ("residual = \"identity\"", "between stacked recurrent layers", "write residual = \"pre_activation\""),
    ] {
        let error = misfit(base, &[8, 8]);
        assert!(error.contains(wrong) && error.contains(cure) && error.contains("x.toml:"), "{base}: {error}");
    }
}
