//! Eigenvalues of symmetric tridiagonal matrices by bisection, and the singular values of any matrix by way of them.

/// A symmetric tridiagonal matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tridiagonal {
    pub diagonal: Vec<f64>,
    /// Beside the diagonal, one number fewer.
    pub beside: Vec<f64>,
}

/// Eigenvalues that are sought side by side, which a processor does at once.
const LANES: usize = 8;

impl Tridiagonal {
    /// The eigenvalue that so many others are below, to rounding of the largest; NaN where a number is not finite.
    pub fn eigenvalue(&self, below: usize) -> f64 {
        self.side_by_side([below; LANES])[0]
    }

    /// The eigenvalues from this one on, ascending.
    pub fn eigenvalues_from(&self, first: usize) -> Vec<f64> {
        let n = self.diagonal.len();
        let chunk = |first: usize| self.side_by_side(std::array::from_fn(|lane| first + lane));
        (first..n).step_by(LANES).flat_map(chunk).take(n - first).collect()
    }

    /// Those that so many others are below, by halving the interval that Gershgorin's circles give (Givens 1954).
    fn side_by_side(&self, below: [usize; LANES]) -> [f64; LANES] {
        if !self.diagonal.iter().chain(&self.beside).all(|x| x.is_finite()) {
            return [f64::NAN; LANES];
        }
        let at = |i: usize| self.beside.get(i).map_or(0.0, |x| x.abs());
        let radius = |i: usize| self.diagonal[i].abs() + at(i) + i.checked_sub(1).map_or(0.0, at);
        let bound = (0..self.diagonal.len()).map(radius).fold(0.0, f64::max);
        let (mut low, mut high, mut width) = ([-bound; LANES], [bound; LANES], 2.0 * bound);
        while width > f64::EPSILON * bound {
            let middle: [f64; LANES] = std::array::from_fn(|lane| 0.5 * (low[lane] + high[lane]));
            let counts = self.counts_below(&middle);
            for lane in 0..LANES {
                if counts[lane] > below[lane] as f64 {
                    high[lane] = middle[lane];
                } else {
                    low[lane] = middle[lane];
                }
            }
            width *= 0.5;
        }
        std::array::from_fn(|lane| 0.5 * (low[lane] + high[lane]))
    }

    /// How many eigenvalues are below each x: as many as pivots of T - x I are negative (Sylvester's law of inertia).
    fn counts_below(&self, x: &[f64; LANES]) -> [f64; LANES] {
        let (mut counts, mut pivots) = ([0.0; LANES], [1.0; LANES]);
        for (i, diagonal) in self.diagonal.iter().enumerate() {
            let squared = i.checked_sub(1).map_or(0.0, |before| self.beside[before] * self.beside[before]);
            for lane in 0..LANES {
                let pivot = diagonal - x[lane] - squared / pivots[lane];
                pivots[lane] = if pivot == 0.0 { -f64::MIN_POSITIVE } else { pivot };
                counts[lane] += if pivots[lane] < 0.0 { 1.0 } else { 0.0 };
            }
        }
        counts
    }
}

/// The singular values of a matrix `[rows, columns]`, row by row, ascending: as many as the smaller of the two. Each is right to
/// some 1e-15 of the largest; all are NaN where a number is not finite.
pub fn singular_values(matrix: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let n = rows.min(columns);
    let largest = matrix.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if !matrix.iter().all(|x| x.is_finite()) {
        return vec![f64::NAN; n];
    }
    if largest == 0.0 {
        return vec![0.0; n];
    }
    // Scaled, so that no square overflows or vanishes, and upright.
    let at = |i: usize, j: usize| if rows < columns { matrix[j * columns + i] } else { matrix[i * columns + j] };
    let tall: Vec<Vec<f64>> = (0..rows.max(columns)).map(|i| (0..n).map(|j| at(i, j) / largest).collect()).collect();
    // With the diagonal of a bidiagonal matrix and the numbers beside it in turn beside a diagonal of zeros, the eigenvalues are
    // its singular values and their negatives (Golub & Kahan 1965).
    let doubled = Tridiagonal { diagonal: vec![0.0; 2 * n], beside: bidiagonal(tall) };
    doubled.eigenvalues_from(n).into_iter().map(|value| largest * value.max(0.0)).collect()
}

/// The bidiagonal matrix to which reflections from both sides bring one with at least as many rows as columns: its diagonal
/// and the numbers beside it in turn, but for signs.
fn bidiagonal(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let columns = rows[0].len();
    let mut found = Vec::with_capacity(2 * columns);
    for k in 0..columns {
        let mut mirror: Vec<f64> = rows[k..].iter().map(|row| row[k]).collect();
        let scale = reflect(&mut mirror, &mut found);
        let mut sums = vec![0.0; columns - k - 1];
        for (row, m) in rows[k..].iter().zip(&mirror) {
            add(&mut sums, *m, &row[k + 1..]);
        }
        for (row, m) in rows[k..].iter_mut().zip(&mirror) {
            add(&mut row[k + 1..], -scale * m, &sums);
        }
        if k + 1 < columns {
            let mut mirror = rows[k][k + 1..].to_vec();
            let scale = reflect(&mut mirror, &mut found);
            for row in &mut rows[k + 1..] {
                let own = &mut row[k + 1..];
                let along = dot(own, &mirror);
                add(own, -scale * along, &mirror);
            }
        }
    }
    found
}

/// Turns a vector v into the mirror m for which x - scale (m . x) m takes v onto the first axis. Returns the scale, and appends the
/// length of v to `lengths`.
fn reflect(vector: &mut [f64], lengths: &mut Vec<f64>) -> f64 {
    let length = dot(vector, vector).sqrt();
    lengths.push(length);
    if length == 0.0 {
        return 0.0;
    }
    let scale = 1.0 / (length * (length + vector[0].abs()));
    vector[0] += length.copysign(vector[0]);
    scale
}

fn add(to: &mut [f64], factor: f64, numbers: &[f64]) {
    to.iter_mut().zip(numbers).for_each(|(to, x)| *to += factor * x);
}

/// In eight sums side by side, which a processor computes at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (whole_a, whole_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = whole_a.remainder().iter().zip(whole_b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in whole_a.zip(whole_b) {
        (0..8).for_each(|i| sums[i] += a[i] * b[i]);
    }
    sums.iter().sum::<f64>() + rest
}
