//! A scene as SVG: text stays text, and what a place tells is a tooltip.

use crate::figure::scene::{Anchor, Color, Rect, Scene, Shape, Text, Turn};
use crate::figure::text::Weight;
use std::fmt::Write;

/// The file's content; `metadata` is an element of its own, or empty.
pub fn render(scene: &Scene, metadata: &str) -> String {
    let (w, h) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h:.2}pt\" viewBox=\"0 0 {w} {h:.2}\" \
         font-family=\"DejaVu Sans, Verdana, sans-serif\" role=\"img\" aria-label=\"{}\">\n<desc>{}</desc>\n{metadata}\
         <style>rect {{ shape-rendering: crispEdges }}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        escape(&scene.title),
        escape(&scene.caption)
    );
    for shape in &scene.shapes {
        draw(&mut out, shape).expect("writing to a String cannot fail");
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Line { points, stroke, name } => {
            let dash = match stroke.dash {
                [] => String::new(),
                dash => {
                    format!(" stroke-dasharray=\"{}\"", dash.iter().map(f64::to_string).collect::<Vec<_>>().join(" "))
                }
            };
            let (points, color, width) = (list(points), hex(stroke.color), stroke.width);
            write!(out, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"")?;
            write!(out, " stroke-linejoin=\"round\"{dash}")?;
            match name {
                Some(name) => writeln!(out, "><title>{}</title></polyline>", escape(name)),
                None => writeln!(out, "/>"),
            }
        }
        Shape::Area { points, color, opacity } => {
            writeln!(out, "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{opacity}\"/>", list(points), hex(*color))
        }
        Shape::Tile { rect, color, told } => {
            let end = told.as_ref().map(|told| format!(" class=\"tip\"><title>{}</title></rect>", escape(told)));
            writeln!(out, "{} fill=\"{}\"{}", open(rect), hex(*color), end.as_deref().unwrap_or("/>"))
        }
        Shape::Disc { at, radius, color } => {
            writeln!(out, "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"{radius}\" fill=\"{}\"/>", at.x, at.y, hex(*color))
        }
        Shape::Text(text) => draw_text(out, text),
        Shape::Tip { area, text } => {
            let (open, text) = (open(area), escape(text));
            writeln!(out, "{open} class=\"tip\" fill=\"none\" pointer-events=\"all\"><title>{text}</title></rect>")
        }
    }
}

/// The beginning of a rectangle's element.
fn open(rect: &Rect) -> String {
    let (x, y, width, height) = (rect.left, rect.top, rect.width(), rect.height());
    format!("<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"")
}

fn draw_text(out: &mut String, text: &Text) -> std::fmt::Result {
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let (x, y) = (text.at.x, text.at.y);
    let turn = match text.turn {
        Turn::Level => String::new(),
        Turn::Up => format!(" transform=\"rotate(-90 {x:.2} {y:.2})\""),
        Turn::Down => format!(" transform=\"rotate(90 {x:.2} {y:.2})\""),
    };
    let weight = if text.weight == Weight::Bold { " font-weight=\"bold\"" } else { "" };
    writeln!(
        out,
        "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{}\"{weight} text-anchor=\"{anchor}\" fill=\"{}\"{turn}>{}</text>",
        text.size,
        hex(text.color),
        escape(&text.text)
    )
}

fn list(points: &[crate::figure::scene::Point]) -> String {
    points.iter().map(|p| format!("{:.2},{:.2}", p.x, p.y)).collect::<Vec<_>>().join(" ")
}

fn hex(Color(r, g, b): Color) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text made safe for XML: markup escaped, characters that XML 1.0 does not allow left out.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c < ' ' && !matches!(c, '\t' | '\n' | '\r') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape("a < b & \"c\"\u{1}"), "a &lt; b &amp; &quot;c&quot;");
    }
}
