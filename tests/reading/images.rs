//! Rows as images, and what does not fit a convolutional net, told with the cure.

use gradsweep::data::{Dataset, Places, load};
use gradsweep::experiment::plan::{DataFacts, Plan};
use gradsweep::experiment::{Experiment, ExperimentError, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::ops::loss::Compared;

fn plan(base: &str) -> Result<Plan, ExperimentError> {
    let text = format!("name = \"x\"\n[base]\nnetwork = {base}\n");
    Experiment::parse(&text, "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default()))
}

fn data(plan: &Plan) -> Result<Dataset, gradsweep::data::DataError> {
    load(&plan.datasets().settings[0], &Places::default())
}

#[test]
fn a_convolutional_net_reads_rows_as_square_images() {
    let images = data(&plan("\"conv\"").unwrap()).unwrap();
    let flat = data(&plan("\"mlp\"").unwrap()).unwrap();
    assert_eq!(images.shape, [1, 8, 8]);
    assert!(images.train == flat.train && images.test == flat.test);
    assert!(images.summary().contains("images of 8 x 8"), "{}", images.summary());
}

#[test]
fn what_does_not_fit_is_told_with_the_cure() {
    let oblong = data(&plan("\"conv\"\ndata = \"mnist1d\"").unwrap()).unwrap_err().to_string();
    assert!(oblong.contains("40 numbers is not a square image") && oblong.contains("network = \"mlp\""), "{oblong}");
    for (base, message, cure) in [
        ("\"conv\"\ndata = { kind = \"digits\", as = \"flat\" }", "these rows are 64 numbers", "data.as = \"images\""),
        ("\"conv\"\ndata = \"adding\"", "these rows are 50 x 2 numbers", "network = \"mlp\""),
        ("{ kind = \"conv\", kernel = 4 }", "a kernel of 4 x 4 has no centre", "network.kernel = 3 or 5"),
        ("{ kind = \"conv\", kernel = 9 }", "layer 1 reads images of 8 x 8", "network.kernel = 7 or less"),
        ("{ kind = \"conv\", stages = 4 }", "layer 6 reads images of 2 x 2", "network.stages = 2 or less"),
        (
            "{ kind = \"conv\", stages = 3 }\ndepth = 2",
            "2 layers cannot be divided into 3 stages",
            "network.stages = 2 or less",
        ),
    ] {
        let plan = plan(base).unwrap();
        let data = data(&plan).unwrap();
        let targets = Compared::Classes(10);
        let facts = DataFacts {
            digest: "d".into(),
            train_rows: data.train.rows,
            sizes: data.sizes(),
            answers: 1,
            is_padded: false,
            change: None,
            targets,
        };
        let error = plan.check_data(&[facts]).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(cure) && error.contains("x.toml:"), "{base}: {error}");
    }
    for (base, message, cure) in [
        ("\"conv\"\nwidth = 8", "does not apply where `network` is \"conv\"", "it belongs to"),
        ("{ kind = \"mlp\", kernel = 3 }", "does not apply where `network` is \"mlp\"", "it belongs to conv"),
        ("\"mlp\"\ninit = \"delta_orthogonal\"", "this network has no kernels", "init = \"orthogonal\""),
    ] {
        let error = plan(base).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(cure) && error.contains("x.toml:"), "{base}: {error}");
    }
}
