//! Rows as sequences, and which settings which kind of network has.

use gradsweep::data::{DataError, Dataset, Places, load};
use gradsweep::experiment::plan::Plan;
use gradsweep::experiment::{Experiment, ExperimentError, Overrides};
use gradsweep::figure::kinds::FACTS;
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
    ] {
        let data = data(base).unwrap();
        assert_eq!(data.shape, shape, "{base}");
        assert_eq!(data.train.x.len(), data.train.rows * data.features());
    }
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
        let own = column(&permuted.train.x, at);
        let found = (0..64).find(|other| column(&pixels.train.x, *other) == own);
        found.unwrap_or_else(|| panic!("pixel {at} is none of the image"))
    };
    let order: Vec<usize> = (20..44).map(place).collect();
    assert!(order.windows(2).any(|pair| pair[1] != pair[0] + 1), "{order:?}");
    assert_ne!(permuted.digest, pixels.digest);
}

#[test]
fn what_has_no_time_steps_or_no_such_setting_is_told_with_the_cure() {
    let rows = data("network = \"rnn\"\ndata = { kind = \"mnist1d\", as = \"rows\" }").unwrap_err().to_string();
    assert!(rows.contains("no square image") && rows.contains("pixels"), "{rows}");
    let lag = data("data = { kind = \"lag\", length = 10, lag = 10 }").unwrap_err().to_string();
    assert!(lag.contains("beyond the first of 10 steps") && lag.contains("at most 9"), "{lag}");
    for (base, kind, cure) in [
        ("network = \"rnn\"\nbatch_norm = true", "rnn", "it belongs to conv, mlp"),
        ("network = \"lstm\"\nactivation = \"relu\"", "lstm", "it belongs to conv, mlp, rnn"),
        ("init.recurrent = \"orthogonal\"", "mlp", "it belongs to gru, lstm, rnn"),
        ("network = { kind = \"gru\", forget_bias = 1 }", "gru", "it belongs to lstm"),
        ("network = { kind = \"rnn\", heads = 2 }", "rnn", "it belongs to transformer"),
        ("network = \"transformer\"\nresidual = true", "transformer", "it belongs to conv, mlp"),
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
            targets: gradsweep::ops::loss::Compared::Classes(10),
        };
        plan(base).unwrap().check_data(&[facts]).unwrap_err().to_string()
    };
    let error = misfit("network = \"rnn\"\ndata = { kind = \"digits\", as = \"flat\" }", &[64]);
    assert!(error.contains("one time step after the other") && error.contains("data.as = \"pixels\""), "{error}");
    let error = misfit("network = \"transformer\"\ndata = { kind = \"digits\", as = \"flat\" }", &[64]);
    assert!(error.contains("reads tokens") && error.contains("data.as = \"rows\""), "{error}");
    for (base, wrong, cure) in [
        ("network = { kind = \"transformer\", heads = 5 }", "do not share a width of 64", "write network.heads = 4"),
        ("network = \"transformer\"\nnorm = \"batch\"", "normalizes each token", "write norm = \"layer\""),
        ("network = \"transformer\"\nnorm.place = \"after\"", "\"after\" an activation", "write norm.place = \"pre\""),
        (
            "norm = { kind = \"layer\", place = \"pre\" }",
            "where a transformer has its norms",
            "write norm.place = \"before\"",
        ),
    ] {
        let error = misfit(base, &[8, 8]);
        assert!(error.contains(wrong) && error.contains(cure) && error.contains("x.toml:"), "{base}: {error}");
    }
}
