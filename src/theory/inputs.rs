//! What a prediction needs to know of the data: the rows that the layers are measured on, and their targets.

use crate::data::{Dataset, Sizes, Targets};

/// Mean squares are averaged over this many groups of rows of alike length: a prediction is smooth in the length, and
/// takes its time for each.
const GROUPS: usize = 32;
/// And the images that they make over so many, each position of which takes its time.
const IMAGE_GROUPS: usize = 8;

/// The sizes of the data, how long the inputs are, and the targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    pub sizes: Sizes,
    /// Rows of the probe: the batch of a batch normalization.
    pub rows: usize,
    /// |x|^2 / features, ascending, one a group of rows.
    pub squares: Vec<f64>,
    /// The same about the mean of each feature over the rows, which is all that a batch normalization sees.
    pub centred: Vec<f64>,
    /// Of sequences: |x|^2 / features of each time step, row after row; empty for others.
    pub steps: Vec<f64>,
    /// Of images: the mean square over channels at each position, a map for each group of rows; empty for others.
    pub images: Vec<Vec<f64>>,
    /// Whether the targets are classes.
    pub classes: bool,
    /// Of each row, one after the other; a class is a one among zeros.
    pub targets: Vec<f64>,
}

impl Inputs {
    /// Of these training rows.
    pub fn of(data: &Dataset, rows: &[usize]) -> Self {
        let n = data.features();
        let row = |r: &usize| {
            let mut row = vec![0.0; n];
            data.train.x.read(r * n, &mut row);
            row
        };
        let mut means = vec![0.0; n];
        for r in rows {
            means.iter_mut().zip(row(r)).for_each(|(mean, x)| *mean += x / rows.len() as f64);
        }
        let square = |about: &[f64]| {
            let of = |r| row(r).iter().zip(about).map(|(x, mean)| (x - mean).powi(2)).sum::<f64>() / n as f64;
            grouped(rows.iter().map(of).collect())
        };
        let answers = data.train.answers();
        let target = |r: &usize| match &data.train.targets {
            Targets::Classes { labels, count } => {
                let one_hot =
                    |label: &u32| (0..*count as u32).map(|c| f64::from(u8::from(c == *label))).collect::<Vec<_>>();
                labels[r * answers..][..answers].iter().flat_map(one_hot).collect::<Vec<_>>()
            }
            Targets::Values { y, width } => y[r * answers * width..][..answers * width].to_vec(),
        };
        Inputs {
            sizes: data.sizes(),
            rows: rows.len(),
            squares: square(&vec![0.0; n]),
            centred: square(&means),
            steps: match data.shape[..] {
                [_, width] => {
                    let of_step = |step: &[f64]| step.iter().map(|x| x * x).sum::<f64>() / width as f64;
                    rows.iter().flat_map(|r| row(r).chunks_exact(width).map(of_step).collect::<Vec<f64>>()).collect()
                }
                _ => Vec::new(),
            },
            images: match data.shape[..] {
                [_, height, width] => {
                    let of_row = |r: &usize| row(r).iter().map(|x| x * x).collect::<Vec<f64>>();
                    mean_images(rows.iter().map(of_row).collect(), height * width)
                }
                _ => Vec::new(),
            },
            classes: data.train.targets.are_classes(),
            targets: rows.iter().flat_map(target).collect(),
        }
    }
}

/// The means over channels, and over up to [`IMAGE_GROUPS`] runs of the rows, the darkest first.
fn mean_images(mut rows: Vec<Vec<f64>>, positions: usize) -> Vec<Vec<f64>> {
    let brightness = |row: &Vec<f64>| row.iter().sum::<f64>();
    rows.sort_by(|a, b| brightness(a).total_cmp(&brightness(b)));
    let mean = |run: &[Vec<f64>]| {
        let mut map = vec![0.0; positions];
        let numbers = run.iter().flatten().enumerate();
        let channels = run.iter().map(Vec::len).sum::<usize>() / positions;
        numbers.for_each(|(at, square)| map[at % positions] += square / channels as f64);
        map
    };
    rows.chunks(rows.len().div_ceil(IMAGE_GROUPS).max(1)).map(mean).collect()
}

/// The means of up to [`GROUPS`] runs of the sorted numbers, equally long as far as they divide.
fn grouped(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    let groups = GROUPS.min(numbers.len());
    let start = |group: usize| group * numbers.len() / groups;
    let mean = |run: &[f64]| run.iter().sum::<f64>() / run.len() as f64;
    (0..groups).map(|group| mean(&numbers[start(group)..start(group + 1)])).collect()
}
