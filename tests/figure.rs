//! Figures from made-up results folders: nothing cut, nothing overlapping, nothing missing.

mod figure_support;

use figure_support::vanishing;
use gradsweep::figure::draw_all;

#[test]
fn every_figure_of_the_vanishing_grid_is_drawn() {
    let keep = std::path::PathBuf::from(std::env::var("KEEP").unwrap());
    vanishing().write(&keep);
    for drawn in draw_all(&keep).unwrap() {
        println!("{drawn:?}");
    }
}
