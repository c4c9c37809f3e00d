//! How a `[[figure]]` shows the labels of its axes: their order, their names and their colours.

use super::cells::Cells;
use super::figure_spec::WrittenFigure;
use crate::experiment::nearest;
use crate::experiment::read::{Result, Selector};
use crate::plan_file::figure::FigureSpec;
use crate::setting::Value;

/// Writes down what a figure asks for, in the labels of the plan.
pub(super) fn resolve(figure: &WrittenFigure, cells: Cells, spec: &mut FigureSpec) -> Result<()> {
    for selector in &figure.order {
        let (order, _) = cells.select(std::slice::from_ref(selector), "`order` of this figure", &figure.place)?;
        spec.order.extend(order);
    }
    for selector in &figure.rename {
        let (axis, label) = label(selector, cells)?;
        let text = selector.values.iter().map(|(value, _)| value.to_string()).collect();
        spec.rename.entry(axis).or_default().insert(label, text);
    }
    for axis in cells.axes {
        let Some(names) = spec.rename.get(&axis.name) else { continue };
        let mut shown: Vec<&String> = axis.labels.iter().map(|label| names.get(label).unwrap_or(label)).collect();
        shown.sort_unstable();
        if let Some(twice) = shown.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("two labels of `{}` would both be called \"{}\"", axis.name, twice[0]);
            return figure.place.fail(message, "give each label a name of its own, or pool the axis with `over`");
        }
    }
    for selector in &figure.colors {
        let (axis, label) = label(selector, cells)?;
        spec.colors.entry(axis).or_default().insert(label, color(selector)?);
    }
    Ok(())
}

/// The axis and the label that `axis.label` names.
fn label(selector: &Selector, cells: Cells) -> Result<(String, String)> {
    let labels = || cells.axes.iter().flat_map(|axis| axis.labels.iter().map(|label| (&axis.name, label)));
    let named = |(axis, label): &(&String, &String)| format!("{axis}.{label}");
    match labels().find(|found| named(found) == selector.key) {
        Some((axis, label)) => Ok((axis.clone(), label.clone())),
        None => {
            let known: Vec<String> = labels().map(|found| named(&found)).collect();
            let help = nearest::suggest(&selector.key, known.iter().map(String::as_str));
            selector.place.fail(format!("no axis of this experiment has the label `{}`", selector.key), help)
        }
    }
}

fn color(selector: &Selector) -> Result<[u8; 3]> {
    let rgb = match selector.values.as_slice() {
        [(Value::Text(text), _)] => text.strip_prefix('#').filter(|hex| hex.len() == 6),
        _ => None,
    };
    match rgb.and_then(|hex| u32::from_str_radix(hex, 16).ok()) {
        Some(rgb) => {
            let [_, red, green, blue] = rgb.to_be_bytes();
            Ok([red, green, blue])
        }
        None => {
            selector.place.fail("this is not a colour", "write it as \"#d55e00\": red, green and blue in hexadecimal")
        }
    }
}
