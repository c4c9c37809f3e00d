//! Test functions through `train`: gradients against differences, rates and limits against their closed forms.

use gradsweep::data::function::Kind;
use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides, settings::settings_table_markdown};
use gradsweep::figure::kinds::FACTS;
use gradsweep::optim::Optimizer;
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::train;
use gradsweep::seed::Seeds;
use gradsweep::setting::{Domain, Setting};
use gradsweep::table::{Cell, Table};
use std::f64::consts::PI;
use std::ops::ControlFlow;

/// The record of every seed of an experiment of one cell.
fn runs(base: &str, seeds: u64) -> Vec<RunRecord> {
    let text = format!("name = \"t\"\nseeds = {seeds}\n{base}");
    let plan = Experiment::parse(&text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default()));
    let plan = plan.unwrap_or_else(|e| panic!("{text}\n{e}"));
    assert_eq!(plan.cells.len(), 1);
    let data = data::load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    runs.iter().map(|run| train(&run.spec, &data, &mut |_| ControlFlow::Continue(())).unwrap()).collect()
}

fn run(base: &str) -> RunRecord {
    runs(base, 1).remove(0)
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    let index = table.column(name).unwrap();
    let number = |cell: &Cell| match cell {
        Cell::Float(x) => *x,
        Cell::Int(i) => *i as f64,
        other => panic!("{name} is {other:?}"),
    };
    table.rows.iter().map(|row| number(&row[index])).collect()
}

/// The point at every recorded step, one vector a step.
fn points(record: &RunRecord) -> Vec<Vec<f64>> {
    let columns: Vec<Vec<f64>> = record.points.columns[1..].iter().map(|name| column(&record.points, name)).collect();
    (0..record.points.rows.len()).map(|i| columns.iter().map(|c| c[i]).collect()).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn gradient(kind: Kind, x: &[f64]) -> Vec<f64> {
    let mut g = vec![0.0; x.len()];
    kind.at(x, &mut g);
    g
}

/// The family, and a quadratic of another size.
fn kinds() -> Vec<Kind> {
    Kind::ALL.into_iter().chain([Kind::Quadratic { condition: 30.0, dimension: 7 }]).collect()
}

/// A setting of the family's table that says so of itself.
fn function(kind: Kind) -> String {
    match kind {
        Kind::Quadratic { condition, dimension } => {
            format!("function = {{ kind = \"quadratic\", condition = {condition}, dimension = {dimension} }}")
        }
        Kind::Reddi { c } => format!("function = {{ kind = \"reddi\", c = {c} }}"),
        Kind::Polynomial(polynomial) => {
            format!("function = {{ kind = \"polynomial\", coefficients = {:?} }}", polynomial.coefficients())
        }
        other => format!("function = \"{}\"", other.word()),
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let mut stream = Seeds { experiment: 0, run: 1 }.stream("points", &[]);
    for kind in kinds() {
        for _ in 0..200 {
            let x: Vec<f64> = (0..kind.dimension()).map(|_| 2.0 * stream.normal()).collect();
            let g = gradient(kind, &x);
            for i in 0..x.len() {
                let h = 1e-5;
                let value = |by: f64| {
                    let mut moved = x.clone();
                    moved[i] += by;
                    kind.at(&moved, &mut vec![0.0; x.len()])
                };
                // Of fourth order, so that rounding is all that is left.
                let slope = (8.0 * (value(h) - value(-h)) - (value(2.0 * h) - value(-2.0 * h))) / (12.0 * h);
                let scale = norm(&g) + 1e-4 * kind.at(&x, &mut vec![0.0; x.len()]);
                assert!((g[i] - slope).abs() < 1e-6 * scale, "{kind:?} {x:?}: {} {slope}", g[i]);
            }
            let single: Vec<f32> = x.iter().map(|x| *x as f32).collect();
            let exact = gradient(kind, &single.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
            let mut g = vec![0f32; x.len()];
            kind.at(&single, &mut g);
            let sizes = x.iter().map(|x| x.abs().max(1.0)).fold(0.0, f64::max).powi(5);
            for (a, b) in g.iter().zip(&exact) {
                assert!((f64::from(*a) - b).abs() < 1e-5 * (norm(&exact) + sizes), "{kind:?} {x:?} in f32");
            }
        }
    }
}

#[test]
fn minima_are_flat_and_zero_and_starts_are_not() {
    for kind in kinds() {
        for minimum in kind.minima() {
            assert!(kind.at(&minimum, &mut vec![0.0; minimum.len()]).abs() < 1e-25, "{kind:?}");
            // On the border of a box the slope points out of it instead.
            let on_border = minimum.iter().any(|x| x.abs() == kind.reach());
            assert!(on_border || norm(&gradient(kind, &minimum)) < 1e-12, "{kind:?} {minimum:?}");
        }
        assert!(norm(&gradient(kind, &kind.usual_start())) > 1e-3, "{kind:?}");
    }
}

/// Eigenvalues of the Hessian at the first minimum of a function of two variables, by differences of the gradient.
fn curvatures(kind: Kind) -> (f64, f64) {
    let m = &kind.minima()[0];
    let h = 1e-5;
    let slope = |i: usize| {
        let at = |by: f64| {
            let mut x = m.clone();
            x[i] += by;
            gradient(kind, &x)
        };
        let (a, b) = (at(h), at(-h));
        [(a[0] - b[0]) / (2.0 * h), (a[1] - b[1]) / (2.0 * h)]
    };
    let ([a, b], [_, d]) = (slope(0), slope(1));
    let (mean, half) = ((a + d) / 2.0, ((a - d) / 2.0).hypot(b));
    (mean - half, mean + half)
}

#[test]
fn at_a_minimum_gradient_descent_holds_just_below_two_over_the_largest_curvature() {
    let known = [(Kind::Rosenbrock, 0.3994, 1001.6), (Kind::Beale, 0.3015, 48.98)];
    for (kind, low, high) in known {
        let (l, h) = curvatures(kind);
        assert!((l / low - 1.0).abs() < 2e-4 && (h / high - 1.0).abs() < 2e-4, "{kind:?}: {l} {h}");
    }
    for kind in Kind::ALL.into_iter().filter(|kind| kind.dimension() == 2) {
        let limit = 2.0 / curvatures(kind).1;
        let m = &kind.minima()[0];
        let near = |lr: f64| {
            let start = [m[0] + 1e-7, m[1] + 1e-7];
            let head = function(kind);
            let head = match head.strip_suffix(" }") {
                Some(head) => format!("{head}, start = {start:?} }}"),
                None => format!("function = {{ kind = \"{}\", start = {start:?} }}", kind.word()),
            };
            let record = run(&format!(
                "[base]\n{head}\ndtype = \"f64\"\nsteps = 600\noptimizer = {{ kind = \"gd\", lr = {lr} }}"
            ));
            let last = points(&record).pop().unwrap();
            // Along the steepest direction alone; along the flat one it creeps.
            norm(&gradient(kind, &last)) / norm(&gradient(kind, &start))
        };
        assert!(near(0.99 * limit) < 0.1, "{kind:?} {}", near(0.99 * limit));
        assert!(near(1.01 * limit) > 10.0, "{kind:?} {}", near(1.01 * limit));
    }
}

/// A quadratic of twenty variables.
fn quadratic(condition: f64, steps: usize, optimizer: &str) -> Vec<Vec<f64>> {
    points(&run(&format!(
        "[base]\nfunction = {{ kind = \"quadratic\", condition = {condition}, dimension = 20 }}\ndtype = \"f64\"\n\
         steps = {steps}\noptimizer = {{ {optimizer} }}\n[record]\npoints = {{ every = 1 }}"
    )))
}

/// Steps until the closed-form rate has made 1 into about 1e-100.
fn enough(rate: f64) -> usize {
    (100.0 * 10f64.ln() / -rate.ln()) as usize
}

#[test]
fn gradient_descent_goes_at_its_rate() {
    for k in [10.0, 100.0, 1000.0] {
        let best = (k - 1.0) / (k + 1.0);
        for (lr, rate) in [(2.0 / (1.0 + k), best), (1.0 / k, 1.0 - 1.0 / k)] {
            let way = quadratic(k, enough(rate), &format!("kind = \"gd\", lr = {lr}"));
            let (half, last) = (way.len() / 2, way.len() - 1);
            let measured = (norm(&way[last]) / norm(&way[half])).powf(1.0 / (last - half) as f64);
            assert!((measured - rate).abs() < 1e-9, "{k} {lr}: {measured} {rate}");
            // Each variable for itself, exactly: x_i (1 - lr lambda_i)^t.
            for (i, x) in way[25].iter().enumerate() {
                let exact = (1.0 - lr * k.powf(i as f64 / 19.0)).powi(25);
                assert!((x - exact).abs() <= 1e-11 * exact.abs().max(1e-30), "{k} {lr} x{}: {x} {exact}", i + 1);
            }
        }
    }
}

#[test]
fn heavy_ball_and_nesterov_go_at_their_rates() {
    for k in [10.0f64, 100.0, 1000.0] {
        let (root, far) = (k.sqrt(), (3.0 * k + 1.0).sqrt());
        let best = (root - 1.0) / (root + 1.0);
        let arms = [
            (format!("kind = \"momentum\", lr = {}, momentum = {}", 4.0 / (root + 1.0).powi(2), best * best), best),
            (format!("kind = \"nesterov\", lr = {}, momentum = {best}", 1.0 / k), 1.0 - 1.0 / root),
            // Its best setting (Lessard, Recht & Packard 2016, proposition 1).
            (
                format!(
                    "kind = \"nesterov\", lr = {}, momentum = {}",
                    4.0 / (3.0 * k + 1.0),
                    (far - 2.0) / (far + 2.0)
                ),
                1.0 - 2.0 / far,
            ),
        ];
        for (optimizer, rate) in arms {
            let way = quadratic(k, enough(rate), &optimizer);
            let (half, last) = (way.len() / 2, way.len() - 1);
            // The slowest root is double, so that the distance goes as t rate^t.
            let shrunk = norm(&way[last]) / norm(&way[half]) * half as f64 / last as f64;
            let measured = shrunk.powf(1.0 / (last - half) as f64);
            assert!((measured - rate).abs() < 2e-4, "{k} {optimizer}: {measured} {rate}");
        }
    }
}

#[test]
fn stability_ends_where_theory_says() {
    let mut arms = vec![("kind = \"gd\"".to_string(), 2.0)];
    for m in [0.5, 0.9] {
        arms.push((format!("kind = \"momentum\", momentum = {m}"), 2.0 * (1.0 + m)));
        arms.push((format!("kind = \"nesterov\", momentum = {m}"), (2.0 + 2.0 * m) / (1.0 + 2.0 * m)));
    }
    for dtype in ["f32", "f64"] {
        for (optimizer, limit) in &arms {
            let end = |lr: f64| {
                run(&format!(
                    "[base]\nfunction = {{ kind = \"quadratic\", dimension = 1 }}\ndtype = \"{dtype}\"\nsteps = 100000\n\
                     optimizer = {{ {optimizer}, lr = {lr} }}"
                ))
            };
            let (inside, outside) = (end(0.997 * limit), end(1.003 * limit));
            assert_eq!(inside.status, Status::Finished, "{dtype} {optimizer}");
            assert!(*column(&inside.history, "train_loss").last().unwrap() < 1e-30, "{dtype} {optimizer}");
            assert_eq!(outside.status, Status::Diverged, "{dtype} {optimizer}");
            assert!(outside.message.contains("not finite at step"), "{}", outside.message);
        }
    }
}

/// The mean square of a noisy point around 0, over 100 variables of curvature 1 and all recorded steps after `burn`.
fn mean_square(records: &[RunRecord], burn: f64) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for record in records {
        for (step, x) in column(&record.points, "step").into_iter().zip(points(record)) {
            if step >= burn {
                sum += x.iter().map(|x| x * x).sum::<f64>();
                n += x.len() as f64;
            }
        }
    }
    sum / n
}

const NOISY: &str = "function = { kind = \"quadratic\", condition = 1, dimension = 100, noise = 1";

#[test]
fn sgd_ends_on_its_noise_floor() {
    // lr sigma^2 (1 + m) / ((1 - m) lambda (2 (1 + m) - lr lambda)), and the values of it that the theory lists.
    for (lr, m, listed) in [(0.1, 0.0, 0.05263), (0.5, 0.0, 0.33333), (0.05, 0.9, 0.25333), (0.1, 0.9, 0.51351)] {
        let floor = lr * (1.0 + m) / ((1.0 - m) * (2.0 * (1.0 + m) - lr));
        assert!((floor / listed - 1.0f64).abs() < 1e-4);
        let optimizer = match m {
            0.0 => format!("kind = \"sgd\", lr = {lr}"),
            _ => format!("kind = \"momentum\", lr = {lr}, momentum = {m}"),
        };
        let base = format!(
            "[base]\n{NOISY} }}\nsteps = 20000\noptimizer = {{ {optimizer} }}\n[record]\npoints = {{ every = 20 }}\nscore = {{ every = 20 }}"
        );
        let records = runs(&base, 2);
        let measured = mean_square(&records, 500.0);
        assert!((measured / floor - 1.0).abs() < 0.02, "{lr} {m}: {measured} {floor}");
        // The loss is without noise: half the sum of squares.
        let losses = column(&records[0].history, "train_loss");
        let loss = losses[25..].iter().sum::<f64>() / losses[25..].len() as f64;
        assert!((loss / (50.0 * floor) - 1.0).abs() < 0.03, "{lr} {m}: {loss}");
    }
}

#[test]
fn every_schedule_follows_its_recursion_on_the_noisy_quadratic() {
    // m <- (1 - lr_t)^2 m + lr_t^2 from m = 100 over 1000 steps.
    type Rate = fn(f64) -> f64;
    let cases: [(&str, Rate, f64); 10] = [
        ("kind = \"constant\"", |_| 0.1, 0.052632),
        ("kind = \"step\", every = 500", |t| if t < 500.0 { 0.1 } else { 0.01 }, 0.005027),
        (
            "kind = \"multi_step\", milestones = [500, 750]",
            |t| if t < 500.0 { 0.1 } else { 10f64.powi(-2 - i32::from(t >= 750.0)) },
            0.003434,
        ),
        ("kind = \"exponential\", final = 0.01", |t| 0.1 * 0.01f64.powf(t / 1e3), 0.001655),
        ("kind = \"inverse_time\", rate = 0.1", |t| 0.1 / (1.0 + 0.1 * t), 0.008938),
        ("kind = \"inverse_sqrt\"", |t| 0.1 / (1.0 + t).sqrt(), 0.002133),
        ("kind = \"polynomial\", power = 2", |t| 0.1 * (1.0 - t / 1e3).powi(2), 0.002752),
        ("kind = \"linear\"", |t| 0.1 * (1.0 - t / 1e3), 0.004448),
        ("kind = \"cosine\"", |t| 0.05 * (1.0 + (PI * t / 1e3).cos()), 0.003640),
        (
            "kind = \"one_cycle\", first = 0, final = 0",
            |t| match t {
                t if t < 299.0 => 0.05 * (1.0 - (PI * t / 299.0).cos()),
                t => 0.05 * (1.0 + (PI * (t - 299.0) / 700.0).cos()),
            },
            0.0045926,
        ),
    ];
    let Domain::Word(words) = gradsweep::schedule::SETTINGS[0].domain else { panic!("the schedule is a word") };
    // The one that goes by the losses is held to PyTorch.
    for word in words.iter().filter(|word| **word != "plateau") {
        let named = format!("kind = \"{word}\"");
        assert!(cases.iter().any(|(schedule, ..)| schedule.starts_with(&named)), "{word} has no recursion here");
    }
    let start = format!("start = {:?}", vec![10.0; 100]);
    for (schedule, rate, listed) in cases {
        let exact = (0..1000).map(|t| rate(f64::from(t))).fold(100.0, |m, lr| (1.0 - lr).powi(2) * m + lr * lr);
        assert!((exact / listed - 1.0).abs() < 5e-4, "{schedule}: {exact} {listed}");
        let base = format!(
            "[base]\n{NOISY}, {start} }}\nsteps = 1000\noptimizer = {{ kind = \"sgd\", lr = 0.1 }}\nschedule = {{ {schedule} }}\n\
             [record]\npoints = {{ at = [] }}\nscore = {{ at = [] }}"
        );
        let measured = mean_square(&runs(&base, 200), 1e3);
        assert!((measured / exact - 1.0).abs() < 0.03, "{schedule}: {measured} {exact}");
    }
    // The rate c / t of Robbins & Monro: T times the mean square goes to c^2 / (2 c - 1).
    for (c, listed) in [(1.0, 1.0), (2.0, 4.0 / 3.0), (4.0, 16.0 / 7.0)] {
        let base = format!(
            "[base]\n{NOISY} }}\nsteps = 4000\noptimizer = {{ kind = \"sgd\", lr = {} }}\nschedule = {{ kind = \"inverse_time\", rate = {} }}\n\
             [record]\npoints = {{ at = [] }}\nscore = {{ at = [] }}",
            c / (c + 1.0),
            1.0 / (c + 1.0)
        );
        let scaled = 4000.0 * mean_square(&runs(&base, 100), 4e3);
        assert!((scaled / listed - 1.0).abs() < 0.04, "{c}: {scaled} {listed}");
    }
    // Without noise the mean itself: x_T = x_0 times the product of 1 - lr_t, whatever the schedule.
    for (schedule, ..) in cases {
        let record = run(&format!(
            "[base]\nfunction = {{ kind = \"quadratic\", dimension = 1 }}\ndtype = \"f64\"\nsteps = 1000\nschedule = {{ {schedule} }}\n\
             optimizer = {{ kind = \"gd\", lr = 0.1 }}\n[record]\nscore = {{ every = 1 }}"
        ));
        let lr = column(&record.history, "lr");
        let product = lr[..1000].iter().fold(1.0, |x, lr| x * (1.0 - lr));
        let last = points(&record).pop().unwrap()[0];
        assert!((last / product - 1.0).abs() < 1e-12, "{schedule}: {last} {product}");
    }
}

#[test]
fn gradients_in_turn_are_the_slope_of_the_value_on_average() {
    for c in [2.0, 3.0, 7.5] {
        let kind = Kind::Reddi { c };
        let mean = (5..8).map(|t| kind.gradient_in_turn(t).unwrap()).sum::<f64>() / 3.0;
        assert!((mean - gradient(kind, &[0.3])[0]).abs() < 1e-15, "{c}: {mean}");
    }
    assert!(kinds().iter().all(|kind| kind.gradient_in_turn(0).is_some() == (kind.word() == "reddi")));
    // Through `train`, which starts in the box and stays there.
    let way = |start: f64, more: &str| {
        run(&format!(
            "[base]\nfunction = {{ kind = \"reddi\", c = 4, start = [{start}]{more} }}\ndtype = \"f64\"\nsteps = 5\n\
             optimizer = {{ kind = \"sgd\", lr = 0.5 }}\n[record]\nscore = {{ every = 1 }}"
        ))
    };
    let record = way(0.25, "");
    assert_eq!(column(&record.history, "grad_norm"), [4.0, 1.0, 1.0, 4.0, 1.0, 1.0]);
    assert_eq!(points(&record).concat(), [0.25, -1.0, -0.5, 0.0, -1.0, -0.5]);
    let values: Vec<f64> = points(&record).concat().iter().map(|x| 2.0 / 3.0 * (x + 1.0)).collect();
    assert_eq!(column(&record.history, "train_loss"), values);
    let far = way(0.0, ", spread = 1e6, noise = 1e6");
    assert!(points(&far).concat().iter().all(|x| x.abs() == 1.0), "{:?}", points(&far));
}

/// Reddi, Kale & Kumar, ICLR 2018, theorem 1, at a constant rate. A step divides by the root of its second moment v,
/// which soon repeats itself every three steps. v <= c^2, so that against the step down, at most lr / sqrt(1 - beta2),
/// stand two up of at least lr / sqrt(2 (1 - beta2)) each; AMSGrad divides all three by the largest.
#[test]
fn adam_climbs_to_the_worst_point_where_amsgrad_and_sgd_find_the_best() {
    let lr = 0.01;
    for c in [2.5f64, 3.0, 10.0] {
        let beta2 = 1.0 / (1.0 + c * c);
        let way = |optimizer: &str| {
            points(&run(&format!(
                "[base]\n{}\ndtype = \"f64\"\nsteps = 3001\noptimizer = {{ {optimizer}, lr = {lr} }}\n[record]\npoints = {{ every = 1 }}",
                function(Kind::Reddi { c })
            )))
            .concat()
        };
        let v1 = (beta2 * (1.0 - beta2 * beta2) + (1.0 - beta2) * c * c) / (1.0 - beta2.powi(3));
        let v2 = beta2 * v1 + 1.0 - beta2;
        let v3 = beta2 * v2 + 1.0 - beta2;
        let (down, first, second) = (c / v1.sqrt(), 1.0 / v2.sqrt(), 1.0 / v3.sqrt());
        assert!(first + second - down > (2f64.sqrt() - 1.0) / (1.0 - beta2).sqrt());
        let close = |measured: f64, exact: f64| {
            assert!((measured - exact).abs() < 1e-9, "c = {c}: {measured} {exact}");
        };

        let adam = way(&format!("kind = \"adam\", beta1 = 0, beta2 = {beta2}"));
        close(adam[63] - adam[60], lr * (first + second - down));
        assert_eq!(adam[3000], 1.0);
        close(adam[3001], 1.0 - lr * down);
        let amsgrad = way(&format!("kind = \"amsgrad\", beta1 = 0, beta2 = {beta2}"));
        close(amsgrad[63] - amsgrad[60], -lr * (c - 2.0) / v1.sqrt());
        close(amsgrad[3000], -1.0 + 2.0 * lr / v1.sqrt());
        assert_eq!(amsgrad[3001], -1.0);
        let sgd = way("kind = \"sgd\"");
        close(sgd[3000], -1.0 + 2.0 * lr);
        assert_eq!(sgd[3001], -1.0);
    }
}

#[test]
fn l2_decay_and_clipping_act_on_the_point() {
    let way = |extra: &str| {
        points(&run(&format!(
            "[base]\nfunction = {{ kind = \"quadratic\", condition = 4, start = [3, 1] }}\ndtype = \"f64\"\nsteps = 5\n\
             optimizer = {{ kind = \"sgd\", lr = 0.1 }}\n{extra}"
        )))
    };
    let after = |extra: &str| way(extra)[1].clone();
    let close = |a: Vec<f64>, b: [f64; 2]| assert!(norm(&[a[0] - b[0], a[1] - b[1]]) < 1e-14, "{a:?} {b:?}");
    close(after(""), [3.0 - 0.3, 1.0 - 0.4]);
    close(after("l2 = 0.5"), [3.0 - 0.1 * (3.0 + 1.5), 1.0 - 0.1 * (4.0 + 0.5)]);
    close(after("weight_decay = 0.5"), [3.0 - 0.3 - 0.15, 1.0 - 0.4 - 0.05]);
    close(after("clip.value = 3.5"), [3.0 - 0.3, 1.0 - 0.35]);
    close(after("clip.norm = 1"), [3.0 - 0.1 * 0.6, 1.0 - 0.1 * 0.8]);
}

#[test]
fn every_optimizer_goes_down_every_function_in_both_precisions() {
    for rule in Optimizer::ALL {
        for kind in kinds() {
            let lost: Vec<f64> = ["f32", "f64"]
                .map(|dtype| {
                    // Rprop takes none.
                    let schedule = if rule.word() == "rprop" { "constant" } else { "cosine" };
                    let record = run(&format!(
                        "[base]\n{}\ndtype = \"{dtype}\"\nsteps = 200\nschedule = \"{schedule}\"\nclip.norm = 10\n\
                         optimizer = {{ kind = \"{}\", lr = 1e-3 }}",
                        function(kind),
                        rule.word()
                    ));
                    assert_eq!(record.status, Status::Finished, "{} {kind:?} {dtype}", rule.word());
                    assert!(record.layers.is_empty() && record.points.rows.len() == 201);
                    assert!(column(&record.history, "grad_norm").iter().all(|g| g.is_finite()));
                    let loss = column(&record.history, "train_loss");
                    loss.last().unwrap() / loss[0]
                })
                .to_vec();
            // Reddi's is there to be climbed by some.
            let climbs = matches!(kind, Kind::Reddi { .. });
            assert!(climbs || lost[1] < 1.0, "{} {kind:?}: {lost:?}", rule.word());
            assert!((lost[0] - lost[1]).abs() < 1e-3, "{} {kind:?}: {lost:?}", rule.word());
        }
    }
}

#[test]
fn noise_and_start_are_paired_across_optimizers_and_differ_between_seeds() {
    let records = |kind: &str| {
        runs(
            &format!(
                "[base]\nfunction = {{ kind = \"beale\", noise = 0.5, spread = 0.1 }}\nsteps = 20\n\
                 optimizer = {{ kind = \"{kind}\", lr = 1e-30 }}\n[record]\nscore = {{ every = 1 }}"
            ),
            2,
        )
    };
    let (sgd, adam) = (records("sgd"), records("adam"));
    let norms = |r: &RunRecord| column(&r.history, "grad_norm");
    assert_eq!(norms(&sgd[0]), norms(&adam[0]));
    assert_ne!(norms(&sgd[0]), norms(&sgd[1]));
    assert!(norms(&sgd[0]).windows(2).all(|w| w[0] != w[1]), "the noise is drawn anew at every step");
    assert_eq!(points(&sgd[0])[0], points(&adam[0])[0]);
    assert_ne!(points(&sgd[0])[0], points(&sgd[1])[0]);
}

#[test]
fn the_target_is_tested_at_every_step() {
    let base = "[base]\nfunction = \"rosenbrock\"\ndtype = \"f64\"\nsteps = 20000\ntarget_loss = 1e-6\n\
                optimizer = { kind = \"adam\", lr = 0.1 }\n";
    let stopped = run(&format!("{base}stop_at_target = true"));
    assert_eq!(stopped.status, Status::ReachedTarget);
    let outcome = |r: &RunRecord, name: &str| {
        r.outcome[gradsweep::columns::OUTCOMES.iter().position(|c| c.name == name).unwrap()].clone()
    };
    let last = *column(&stopped.history, "step").last().unwrap();
    assert_eq!(outcome(&stopped, "steps_to_target"), Cell::Int(last as i64));
    assert!(*column(&stopped.history, "train_loss").last().unwrap() <= 1e-6);
    assert_eq!(*column(&stopped.points, "step").last().unwrap(), last);
    // What only a network has is empty.
    for name in ["attenuation_init", "attenuation_total_end", "layers_zero", "train_accuracy", "test_loss"] {
        assert_eq!(outcome(&stopped, name), Cell::Empty, "{name}");
    }
    let full = run(base);
    assert_eq!((full.status, outcome(&full, "steps_to_target")), (Status::Finished, Cell::Int(last as i64)));
}

fn error(text: &str) -> String {
    let plan = Experiment::parse(text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default()));
    plan.err().unwrap_or_else(|| panic!("no error: {text}")).to_string()
}

#[test]
fn settings_of_networks_are_errors_that_say_so() {
    let sample = |row: &Setting| match (row.domain, row.default.value()) {
        (_, Some(gradsweep::setting::Value::Text(text))) => format!("\"{text}\""),
        (_, Some(value)) => value.to_string(),
        (Domain::Int { min, .. }, None) => min.max(1).to_string(),
        (Domain::Matrix, None) => "[[1.0]]".into(),
        (Domain::Texts, None) => "[\"x\"]".into(),
        (Domain::Sizes { .. }, None) => "[4, 3]".into(),
        (Domain::Float { .. }, None) => "0.5".into(),
        (Domain::Word(words), None) => format!("\"{}\"", words[0]),
        _ => "\"x\"".into(),
    };
    let named = gradsweep::experiment::settings::all()
        .filter(|row| ["loss", "batch", "epochs", "decay_all"].contains(&row.key));
    let data = [gradsweep::data::SETTINGS, gradsweep::data::sequence::SETTINGS].into_iter().flatten();
    let mut count = 0;
    for row in data.chain(gradsweep::model::settings()).chain(named) {
        let (key, value) = (row.key, sample(row));
        let text = error(&format!("[base]\nfunction = \"beale\"\n\"{key}\" = {value}\n"));
        assert!(text.contains("does not apply where `function` is \"beale\""), "{key}: {text}");
        assert!(text.contains("here a test function is minimized"), "{key}: {text}");
        assert!(text.contains("t.toml:3:"), "{key}: {text}");
        let text = error(&format!("[base]\nfunction = \"beale\"\n[axes]\n\"{key}\" = [{value}]\n"));
        assert!(text.contains("here a test function is minimized"), "{key}: {text}");
        count += 1;
    }
    assert!(count > 40, "{count}");
    // With a network in another cell they are at home again.
    let mixed = "[base]\ndepth = 2\nepochs = 3\n[variants.net]\n[variants.point]\nfunction = \"beale\"\n";
    let plan = Experiment::parse(mixed, "t.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    assert_eq!((plan.cells[0].settings.int("depth"), plan.cells[1].settings.int("depth")), (Some(2), None));
    assert_eq!((plan.cells[0].settings.int("steps"), plan.cells[1].settings.int("steps")), (None, Some(1000)));
}

#[test]
fn mistakes_are_told_with_their_cure() {
    let trajectories = "[[figure]]\nkind = \"trajectories\"\n";
    let mut wrong = Vec::new();
    for (text, message) in [
        ("[base]\nfunction = \"rosenbrok\"", "did you mean `rosenbrock`?"),
        ("[base]\nfunction.noise = 1", "`function.noise` does not apply where `function` is \"none\""),
        ("[base]\nfunction = { kind = \"beale\", condition = 3 }", "it belongs to quadratic"),
        ("[base]\nfunction = { kind = \"beale\", start = [1, 2, 3] }", "has 3 numbers, but beale needs 2 variables"),
        ("[base]\nfunction = { kind = \"beale\", start = [1, 2e6] }", "write numbers from -1000000 to 1000000"),
        ("[base]\nfunction = { kind = \"reddi\", start = [1, 2] }", "has 2 numbers, but reddi needs 1 variable here"),
        ("[base]\nfunction = { kind = \"reddi\", start = [1.5] }", "write numbers from -1 to 1"),
        ("[base]\nfunction = { kind = \"beale\", start = 1 }", "a list of numbers, as in [-1.2, 1.0]"),
        ("[base]\nfunction = { kind = \"beale\", start = [[1, 2], [3, 4]] }", "write the list or range under [axes]"),
        ("[axes]\nfunction = [\"beale\"]\n\"function.start\" = [1, 2]", "must be a list of numbers"),
        ("seeds = 3\n[base]\nfunction = \"beale\"", "all 3 seeds of"),
        ("[base]\nfunction = \"beale\"\n[record]\nprobe = 3", "`record.probe` is for networks"),
        ("[base]\nfunction = \"beale\"\n[record]\ngradients = { every = 3 }", "`record.gradients` is for networks"),
        ("[base]\ndepth = 2\n[record]\npoints = { every = 3 }", "`record.points` is for functions"),
        ("[base]\nfunction = \"beale\"\n[[figure]]\nkind = \"gradient_by_layer\"", "test functions have no layers"),
        (&format!("[base]\ndepth = 2\n{trajectories}"), "cells that train a network"),
        (
            &format!("[base]\nfunction = {{ kind = \"quadratic\", dimension = 3 }}\n{trajectories}"),
            "a function here has 3 variables",
        ),
        ("[base]\nfunction = \"polynomial\"", "\"polynomial\" needs `function.coefficients`"),
        ("[base]\nfunction = { kind = \"polynomial\", coefficients = [0, 0, 0, 1] }", "has no minimum"),
        (
            &format!(
                "[variants.a]\nfunction = \"beale\"\n[variants.b]\nfunction = \"saddle\"\n{trajectories}color = \"variant\""
            ),
            "would show several functions",
        ),
        (&format!("[base]\nfunction = \"beale\"\n{trajectories}step = \"last\""), "every recorded step is drawn"),
        (&format!("[base]\nfunction = \"beale\"\n{trajectories}over = \"x\""), "paths cannot be averaged"),
    ] {
        let told = error(text);
        if !(told.contains(message) && told.contains("help: ")) {
            wrong.push(format!("{text}\nsays\n{told}\nnot \"{message}\""));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(settings_table_markdown().contains("`function.start`"));
}

#[test]
fn starts_make_an_axis() {
    let text = "[base]\nfunction = \"beale\"\n[axes]\n\"function.start\" = [[1, 1], [0.5, -0.0]]";
    let plan = Experiment::parse(text, "t.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    assert_eq!(plan.axes[0].labels, ["[1, 1]", "[0.5, 0]"]);
    assert_eq!(plan.cells[1].function().unwrap().start, [0.5, 0.0]);
}
