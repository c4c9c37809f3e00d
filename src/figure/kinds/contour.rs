//! Level lines of a function of two variables, by marching squares (Lorensen & Cline 1987, in the plane).

use std::collections::HashMap;

/// Values on a grid of `columns` x `rows` points, row by row.
pub struct Surface {
    pub columns: usize,
    pub rows: usize,
    pub values: Vec<f64>,
}

/// An edge of the grid: its first point, and whether it goes up a row or right a column.
type Edge = (usize, bool);

impl Surface {
    /// `of` at every point: column and row as shares of the width and the height.
    pub fn new(columns: usize, rows: usize, of: impl Fn(f64, f64) -> f64) -> Surface {
        let share = |i: usize, n: usize| i as f64 / (n - 1) as f64;
        let points = (0..rows).flat_map(|r| (0..columns).map(move |c| (share(c, columns), share(r, rows))));
        Surface { columns, rows, values: points.map(|(u, v)| of(u, v)).collect() }
    }

    /// The lines along which the value is `level`, in shares of the width and the height.
    pub fn lines(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut next: HashMap<Edge, Vec<Edge>> = HashMap::new();
        let mut edges: Vec<Edge> = Vec::new();
        for row in 0..self.rows - 1 {
            for column in 0..self.columns - 1 {
                for (a, b) in self.segments(row * self.columns + column, level) {
                    edges.extend([a, b]);
                    next.entry(a).or_default().push(b);
                    next.entry(b).or_default().push(a);
                }
            }
        }
        // Open lines are walked from their ends; what is left then is closed.
        edges.sort_by_key(|edge| next[edge].len());
        let mut lines = Vec::new();
        for start in edges {
            let mut line = Vec::new();
            let mut at = Some(start).filter(|edge| !next[edge].is_empty());
            while let Some(edge) = at {
                line.push(self.crossing(edge, level));
                at = next.get_mut(&edge).and_then(Vec::pop);
                if let Some(back) = at.and_then(|to| next.get_mut(&to)) {
                    back.retain(|other| *other != edge);
                }
            }
            if line.len() > 1 {
                lines.push(line);
            }
        }
        lines
    }

    /// The pieces of the level line in the square whose lowest corner is `corner`, each from edge to edge.
    fn segments(&self, corner: usize, level: f64) -> Vec<(Edge, Edge)> {
        let above = |i: usize| self.values[i] > level;
        let (a, b, c, d) = (corner, corner + 1, corner + self.columns, corner + self.columns + 1);
        let (low, left, right, high) = ((a, false), (a, true), (b, true), (c, false));
        let crossed: Vec<Edge> = [(low, a, b), (right, b, d), (high, c, d), (left, a, c)]
            .into_iter()
            .filter(|(_, from, to)| above(*from) != above(*to))
            .map(|(edge, ..)| edge)
            .collect();
        match crossed[..] {
            [from, to] => vec![(from, to)],
            // Two opposite corners are above: the middle says on which side of it the lines pass.
            [..] if crossed.len() == 4 => {
                let middle = [a, b, c, d].iter().map(|i| self.values[*i]).sum::<f64>() / 4.0;
                if (middle > level) == above(a) {
                    vec![(low, right), (high, left)]
                } else {
                    vec![(low, left), (right, high)]
                }
            }
            _ => Vec::new(),
        }
    }

    /// Where the level lies on an edge, between its two ends in proportion.
    fn crossing(&self, (from, up): Edge, level: f64) -> (f64, f64) {
        let to = from + if up { self.columns } else { 1 };
        let share = ((level - self.values[from]) / (self.values[to] - self.values[from])).clamp(0.0, 1.0);
        let (column, row) = ((from % self.columns) as f64, (from / self.columns) as f64);
        let (column, row) = if up { (column, row + share) } else { (column + share, row) };
        (column / (self.columns - 1) as f64, row / (self.rows - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cone_has_closed_circles() {
        let radius = |u: f64, v: f64| (u - 0.5).hypot(v - 0.5);
        let grid = Surface::new(81, 61, radius);
        for level in [0.1, 0.3, 0.45] {
            let lines = grid.lines(level);
            assert_eq!(lines.len(), 1, "{level}");
            assert_eq!(lines[0].first(), lines[0].last(), "{level}");
            assert!(lines[0].iter().all(|(u, v)| (radius(*u, *v) - level).abs() < 2e-3), "{level}");
        }
        // Cut off by the border: four arcs in the corners.
        assert_eq!(grid.lines(0.6).len(), 4);
        assert!(grid.lines(0.9).is_empty());
    }

    #[test]
    fn a_plane_has_one_straight_line() {
        let lines = Surface::new(11, 11, |u, v| u + v).lines(0.73);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|(u, v)| (u + v - 0.73).abs() < 1e-12));
        assert_eq!(lines[0].len(), 16);
    }
}
