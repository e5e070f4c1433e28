//! As much of SVG as a chart needs.

use std::borrow::Cow;
use std::fmt::Write;

/// A drawing under way.
#[derive(Clone, Debug)]
pub(crate) struct Svg {
    out: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) fn bottom(self) -> f64 {
        self.y + self.height
    }
}

pub(crate) type Point = (f64, f64);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub(crate) color: &'static str,
    pub(crate) width: f64,
    pub(crate) dashed: bool,
}

impl Stroke {
    pub(crate) const fn solid(color: &'static str, width: f64) -> Self {
        Self { color, width, dashed: false }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Font {
    pub(crate) size: f64,
    pub(crate) color: &'static str,
    pub(crate) bold: bool,
    pub(crate) anchor: Anchor,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let mut out = String::new();
        let _ = write!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif" role="img">
<title>{}</title>
<desc>{}</desc>
"#,
            escape(title),
            escape(description),
        );
        Self { out }
    }

    pub(crate) fn rect(&mut self, rect: Rect, radius: f64, fill: &str) {
        let Rect { x, y, width, height } = rect;
        let _ = writeln!(
            self.out,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{radius}" fill="{fill}"/>"#
        );
    }

    pub(crate) fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(&trace(&[from, to]), "none", Some(stroke));
    }

    pub(crate) fn polyline(&mut self, points: &[Point], stroke: Stroke) {
        self.path(&trace(points), "none", Some(stroke));
    }

    pub(crate) fn polygon(&mut self, points: &[Point], fill: &str) {
        self.path(&format!("{}Z", trace(points)), fill, None);
    }

    fn path(&mut self, data: &str, fill: &str, stroke: Option<Stroke>) {
        let _ = write!(self.out, r#"<path d="{data}" fill="{fill}""#);
        if let Some(Stroke { color, width, dashed }) = stroke {
            let _ = write!(self.out, r#" stroke="{color}" stroke-width="{width}" stroke-linejoin="round""#);
            if dashed {
                self.out.push_str(r#" stroke-dasharray="4 4""#);
            }
        }
        self.out.push_str("/>\n");
    }

    pub(crate) fn text(&mut self, (x, y): Point, font: Font, text: &str) {
        let anchor = match font.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.bold { 600 } else { 400 };
        let _ = writeln!(
            self.out,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{}" font-weight="{weight}" fill="{}" text-anchor="{anchor}">{}</text>"#,
            font.size,
            font.color,
            escape(text),
        );
    }

    /// A text that runs upwards, centered on the point.
    pub(crate) fn upward_text(&mut self, (x, y): Point, font: Font, text: &str) {
        let _ = write!(self.out, r#"<g transform="translate({x:.1} {y:.1}) rotate(-90)">"#);
        self.text((0.0, 0.0), Font { anchor: Anchor::Middle, ..font }, text);
        self.out.push_str("</g>\n");
    }

    pub(crate) fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

fn trace(points: &[Point]) -> String {
    let mut data = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(data, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    data
}

fn escape(text: &str) -> Cow<'_, str> {
    if text.contains(['&', '<', '>']) {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Panics where the elements of `xml` are not properly nested, or where an attribute is not quoted.
    pub(crate) fn assert_well_formed(xml: &str) {
        let mut open = Vec::new();
        let mut rest = xml;
        while let Some(start) = rest.find('<') {
            assert!(!rest[..start].contains('>'), "a stray > in {:?}", &rest[..start]);
            let end = rest.find('>').expect("a tag without an end");
            let tag = &rest[start + 1..end];
            assert!(!tag.contains('<'), "a < in {tag:?}");
            assert_eq!(tag.matches('"').count() % 2, 0, "an unquoted value in {tag:?}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().expect("a tag without a name"));
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty(), "never closed: {open:?}");
        assert!(xml.split('&').skip(1).all(|entity| ["amp;", "lt;", "gt;"].iter().any(|e| entity.starts_with(e))));
        assert!(!xml.contains("NaN") && !xml.contains("inf"), "a number that is none");
    }

    const FONT: Font = Font { size: 12.0, color: "#000", bold: false, anchor: Anchor::Middle };

    #[test]
    fn texts_are_escaped() {
        let mut svg = Svg::new(10.0, 10.0, "a < b", "c & d");
        svg.text((1.0, 2.0), FONT, "<Price> & \"more\"");
        let text = svg.finish();
        assert_well_formed(&text);
        assert!(text.contains("&lt;Price&gt; &amp; \"more\""), "{text}");
    }

    #[test]
    fn shapes_are_paths() {
        let mut svg = Svg::new(10.0, 10.0, "t", "d");
        svg.polygon(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.5)], "red");
        svg.line((0.0, 0.0), (3.0, 4.0), Stroke { color: "blue", width: 1.0, dashed: true });
        svg.rect(Rect { x: 1.0, y: 1.0, width: 2.0, height: 2.0 }, 1.0, "green");
        let text = svg.finish();
        assert_well_formed(&text);
        assert!(text.contains(r#"d="M0.0 0.0L1.0 0.0L1.0 1.5Z" fill="red"/>"#), "{text}");
        assert!(text.contains("stroke-dasharray"), "{text}");
    }
}
