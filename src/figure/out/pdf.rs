//! A scene as a PDF of one page, for papers: lines stay lines, and text stays text in the part of the font that it uses.

use super::origin::Origin;
use crate::figure::scene::{Color, Point, Scene, Shape, Text, Turn};
use crate::figure::text::{self, Weight};
use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use subsetter::GlyphRemapper;

/// How far a tile reaches under its neighbours: viewers smooth the edges, which would leave seams.
const LAP: f64 = 0.15;
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const INFO: Ref = Ref::new(5);
const METADATA: Ref = Ref::new(6);
/// The objects of the two fonts and of the opacities follow.
const NEXT: i32 = 7;
const IDENTITY: SystemInfo = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The file's content. It holds no date, so that the same scene is the same bytes.
pub fn render(scene: &Scene, origin: &Origin) -> Vec<u8> {
    let fonts = [Weight::Regular, Weight::Bold].map(|weight| Face::of(scene, weight));
    let opacities: BTreeSet<u32> = scene.shapes.iter().filter_map(opacity).map(percent).collect();
    let size = Rect::new(0.0, 0.0, scene.width as f32, scene.height as f32);
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES).metadata(METADATA).lang(TextStr("en"));
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut page = pdf.page(PAGE);
    page.parent(PAGES).media_box(size).contents(CONTENT);
    let mut resources = page.resources();
    let mut names = resources.fonts();
    for font in &fonts {
        names.pair(font.name(), font.object(0));
    }
    names.finish();
    let mut states = resources.ext_g_states();
    for percent in &opacities {
        states
            .insert(Name(state(*percent).as_bytes()))
            .start::<pdf_writer::writers::ExtGraphicsState>()
            .non_stroking_alpha(*percent as f32 / 100.0);
    }
    states.finish();
    resources.finish();
    page.finish();
    let content = packed(&draw(scene, &fonts));
    pdf.stream(CONTENT, &content).filter(Filter::FlateDecode);
    pdf.document_info(INFO).title(TextStr(&scene.title)).subject(TextStr(&scene.caption)).creator(TextStr("gradsweep"));
    pdf.metadata(METADATA, origin.xmp().as_bytes());
    for font in &fonts {
        font.write(&mut pdf);
    }
    pdf.finish()
}

/// How much a shape covers of what lies under it, if that is not all.
fn opacity(shape: &Shape) -> Option<f64> {
    match shape {
        Shape::Area { opacity, .. } if *opacity < 1.0 => Some(*opacity),
        _ => None,
    }
}

fn percent(opacity: f64) -> u32 {
    (100.0 * opacity).round() as u32
}

/// The name of a graphics state with that opacity.
fn state(percent: u32) -> String {
    format!("O{percent}")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to a Vec cannot fail")
}

/// The letters of one weight that a scene uses.
struct Face {
    weight: Weight,
    glyphs: GlyphRemapper,
    /// What each glyph of the embedded part stands for, and how wide it is in em.
    letters: BTreeMap<u16, (char, f64)>,
}

impl Face {
    fn of(scene: &Scene, weight: Weight) -> Self {
        let mut face = Face { weight, glyphs: GlyphRemapper::new(), letters: BTreeMap::new() };
        for text in scene.texts().filter(|text| text.weight == weight) {
            for (c, (glyph, _)) in text.text.chars().zip(text::place(&text.text, weight).0) {
                let id = face.glyphs.remap(glyph.0);
                face.letters.insert(id, (c, text::width(&c.to_string(), 1.0, weight)));
            }
        }
        face
    }

    fn name(&self) -> Name<'static> {
        if self.weight == Weight::Bold { Name(b"Bold") } else { Name(b"Regular") }
    }

    /// The reference of one of its five objects.
    fn object(&self, part: i32) -> Ref {
        Ref::new(NEXT + 5 * self.weight as i32 + part)
    }

    fn write(&self, pdf: &mut Pdf) {
        let [font, cid, descriptor, file, unicode] = [0, 1, 2, 3, 4].map(|part| self.object(part));
        // Six capitals mark a part of a font; which letters it holds need not be in them.
        let (name, weight) =
            if self.weight == Weight::Bold { ("GRADSB+DejaVuSans-Bold", 700) } else { ("GRADSA+DejaVuSans", 400) };
        let name = Name(name.as_bytes());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut cid = pdf.cid_font(cid);
        cid.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
        cid.cid_to_gid_map_predefined(Name(b"Identity")).default_width(0.0);
        let em = |value: f64| (1000.0 * value) as f32;
        cid.widths().consecutive(0, [0.0].into_iter().chain(self.letters.values().map(|(_, width)| em(*width))));
        cid.finish();
        pdf.font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(em(-1.1), em(-0.42), em(1.9), em(1.2)))
            .italic_angle(0.0)
            .ascent(em(0.93))
            .descent(em(-text::DESCENT))
            .cap_height(em(text::CAP))
            .stem_v(if weight == 700 { 160.0 } else { 90.0 })
            .font_file2(file);
        let part = subsetter::subset(text::bytes(self.weight), 0, &self.glyphs)
            .expect("a part of the compiled-in font is a font");
        let data = packed(&part);
        pdf.stream(file, &data).filter(Filter::FlateDecode).pair(Name(b"Length1"), part.len() as i32);
        let mut map = UnicodeCmap::new(Name(b"Letters"), IDENTITY);
        for (id, (letter, _)) in &self.letters {
            map.pair(*id, *letter);
        }
        pdf.cmap(unicode, &map.finish());
    }
}

fn draw(scene: &Scene, fonts: &[Face; 2]) -> Vec<u8> {
    let mut content = Content::new();
    let up = |p: Point| (p.x as f32, (scene.height - p.y) as f32);
    content.set_line_join(LineJoinStyle::RoundJoin);
    for shape in &scene.shapes {
        match shape {
            Shape::Line { points, stroke, .. } => {
                let (r, g, b) = rgb(stroke.color);
                content.set_stroke_rgb(r, g, b).set_line_width(stroke.width as f32);
                content.set_dash_pattern(stroke.dash.iter().map(|length| *length as f32), 0.0);
                trace(&mut content, points.iter().map(|p| up(*p)));
                content.stroke();
            }
            Shape::Area { points, color, .. } => {
                content.save_state();
                fill(&mut content, *color);
                if let Some(opacity) = opacity(shape) {
                    content.set_parameters(Name(state(percent(opacity)).as_bytes()));
                }
                trace(&mut content, points.iter().map(|p| up(*p)));
                content.fill_nonzero().restore_state();
            }
            Shape::Tile { rect, color, .. } => {
                fill(&mut content, *color);
                let (left, low) = up(Point { x: rect.left, y: rect.bottom + LAP });
                content.rect(left, low, (rect.width() + LAP) as f32, (rect.height() + LAP) as f32).fill_nonzero();
            }
            Shape::Disc { at, radius, color } => {
                fill(&mut content, *color);
                circle(&mut content, up(*at), *radius as f32);
            }
            Shape::Text(text) => write_text(&mut content, text, up(text.at), &fonts[text.weight as usize]),
            Shape::Tip { .. } => {}
        }
    }
    content.finish().into_vec()
}

fn rgb(Color(r, g, b): Color) -> (f32, f32, f32) {
    let part = |value: u8| f32::from(value) / 255.0;
    (part(r), part(g), part(b))
}

fn fill(content: &mut Content, color: Color) {
    let (r, g, b) = rgb(color);
    content.set_fill_rgb(r, g, b);
}

fn trace(content: &mut Content, points: impl Iterator<Item = (f32, f32)>) {
    for (i, (x, y)) in points.enumerate() {
        _ = if i == 0 { content.move_to(x, y) } else { content.line_to(x, y) };
    }
}

/// Four Bézier quarters, whose handles at 0.5523 radii keep within 0.03 % of the circle.
fn circle(content: &mut Content, (x, y): (f32, f32), r: f32) {
    let k = 0.5523 * r;
    content.move_to(x + r, y);
    content.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    content.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    content.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    content.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    content.fill_nonzero();
}

/// Each glyph where the layout has put it, kerning included.
fn write_text(content: &mut Content, text: &Text, (x, y): (f32, f32), face: &Face) {
    let (glyphs, width) = text::place(&text.text, text.weight);
    let start = text.anchor.start(width * text.size) as f32;
    let matrix = match text.turn {
        Turn::Level => [1.0, 0.0, 0.0, 1.0, x + start, y],
        Turn::Up => [0.0, 1.0, -1.0, 0.0, x, y + start],
        Turn::Down => [0.0, -1.0, 1.0, 0.0, x, y - start],
    };
    fill(content, text.color);
    content.begin_text().set_font(face.name(), text.size as f32).set_text_matrix(matrix);
    let mut show = content.show_positioned();
    let mut items = show.items();
    // Where the viewer's pen is, by the widths in the file.
    let mut pen = 0.0;
    for (glyph, at) in glyphs {
        let id = face.glyphs.get(glyph.0).unwrap_or(0);
        let kern = at - pen;
        if kern.abs() > 1e-6 {
            items.adjust((-1000.0 * kern) as f32);
        }
        items.show(Str(&id.to_be_bytes()));
        pen = at + face.letters.get(&id).map_or(0.0, |(_, width)| *width);
    }
    items.finish();
    show.finish();
    content.end_text();
}
