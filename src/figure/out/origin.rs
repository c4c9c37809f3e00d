//! Where a figure comes from, written into its own files: which plan, data and program, which runs and how many.
//!
//! In a PNG it is an iTXt chunk, in an SVG the metadata element, in a PDF a property of its XMP packet; all hold the same JSON.

use crate::figure::select::Selection;
use crate::files;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a figure says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub experiment: String,
    pub figure: String,
    pub kind: String,
    /// What its axes are held at: `depth 32, optimizer momentum`.
    pub fixed: String,
    /// Runs it shows, of those that the plan holds for it.
    pub runs: usize,
    pub planned: Option<usize>,
    pub seeds: usize,
    /// Hash of the plan, as in `provenance.json`.
    pub plan: String,
    /// Name and digest of the data.
    pub data: String,
    pub program: String,
    pub revision: Option<String>,
}

/// What its text in a PNG is called.
pub const KEYWORD: &str = "gradsweep";
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The element that holds it, in an SVG and in a PDF.
const SVG: [&str; 2] = ["<metadata>", "</metadata>"];
const PDF: [&str; 2] = ["<gradsweep:origin>", "</gradsweep:origin>"];

impl Origin {
    /// Of the figure of this name that shows the selection.
    pub fn of(selection: &Selection, name: &str) -> Self {
        let (results, spec) = (selection.results, selection.spec);
        let plan = &results.plan;
        Origin {
            experiment: plan.name.clone(),
            figure: name.into(),
            kind: spec.kind.clone(),
            fixed: selection.fixed.join(", "),
            runs: selection.runs.len(),
            planned: selection.planned,
            seeds: plan.seeds.len(),
            plan: results.plan_hash.clone(),
            data: format!("{} {}", plan.data_names(), plan.data.digest),
            program: concat!("gradsweep ", env!("CARGO_PKG_VERSION")).into(),
            revision: option_env!("GRADSWEEP_REVISION").map(String::from),
        }
    }

    /// As JSON that is safe within XML.
    pub fn json(&self) -> String {
        // Texts and numbers alone, which always become JSON.
        let json = serde_json::to_string(self).unwrap_or_default();
        json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
    }

    /// As an element of an SVG image.
    pub fn element(&self) -> String {
        let [open, close] = SVG;
        format!("{open}{}{close}\n", self.json())
    }

    /// As the XMP packet of a PDF (ISO 16684-1).
    pub fn xmp(&self) -> String {
        let [open, close] = PDF;
        format!(
            "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
             <rdf:Description rdf:about=\"\" xmlns:gradsweep=\"urn:gradsweep\">\n{open}{}{close}\n\
             </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>",
            self.json()
        )
    }

    /// Reads it from a figure; `None` if the file is none of ours.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let bytes = files::read(path)?;
        let json = match &bytes[..] {
            png if png.starts_with(SIGNATURE) => png_text(png),
            pdf if pdf.starts_with(b"%PDF-") => between(pdf, PDF).map(<[u8]>::to_vec),
            svg => between(svg, SVG).map(<[u8]>::to_vec),
        };
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }
}

/// The text of our keyword in a PNG.
fn png_text(bytes: &[u8]) -> Option<Vec<u8>> {
    let reader = png::Decoder::new(bytes).read_info().ok()?;
    let text = reader.info().utf8_text.iter().find(|text| text.keyword == KEYWORD)?;
    text.get_text().ok().map(String::into_bytes)
}

/// What stands between two marks.
fn between<'a>(bytes: &'a [u8], [open, close]: [&str; 2]) -> Option<&'a [u8]> {
    let find = |bytes: &[u8], mark: &str| bytes.windows(mark.len()).position(|part| part == mark.as_bytes());
    let rest = &bytes[find(bytes, open)? + open.len()..];
    Some(&rest[..find(rest, close)?])
}
