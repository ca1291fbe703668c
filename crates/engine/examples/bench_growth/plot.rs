//! Three panels of lines that show by which factor a cost grows when one size does: both axes are logarithms, so that a
//! cost in proportion is the diagonal.

use std::fmt::Write;

/// What grows, and the costs at three sizes.
pub(crate) struct Panel {
    pub(crate) what: &'static str,
    pub(crate) factors: [usize; 3],
    pub(crate) lines: [Line; 3],
}

pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) values: [f64; 3],
}

const WIDTH: f64 = 250.0;
const HEIGHT: f64 = 190.0;
const GAP: f64 = 62.0;
const TOP: f64 = 40.0;
const COLOURS: [&str; 3] = ["#b4552d", "#3b6e8f", "#6a7d3a"];

pub(crate) fn svg(panels: &[Panel]) -> String {
    let (width, height) = (panels.len() as f64 * (WIDTH + GAP) + GAP / 2.0, TOP + HEIGHT + 70.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\" fill=\"#555\">\n<title>How cost grows with people, events and segments</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fffdf9\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        let left = GAP + number as f64 * (WIDTH + GAP);
        write!(svg, "<g transform=\"translate({left} {TOP})\">").expect("memory takes it");
        one(&mut svg, panel);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn one(svg: &mut String, panel: &Panel) {
    let most = panel.factors[2] as f64;
    let x = |factor: f64| factor.log10() / most.log10() * WIDTH;
    let y = |factor: f64| HEIGHT - factor.max(0.5).log10() / most.log10() * HEIGHT;
    let mut add = |text: String| svg.push_str(&text);
    add(format!("<text x=\"0\" y=\"-16\" font-size=\"13\" fill=\"#222\">{} ×</text>\n", panel.what));
    add(format!(
        "<path d=\"M0 0V{HEIGHT}H{WIDTH}\" fill=\"none\" stroke=\"#bbb\"/>\
         <path d=\"M0 {HEIGHT}L{WIDTH} 0\" stroke=\"#ccc\" stroke-dasharray=\"3 4\"/>\n"
    ));
    for factor in panel.factors {
        let (x, y) = (x(factor as f64), y(factor as f64));
        add(format!("<text x=\"{x:.0}\" y=\"{}\" text-anchor=\"middle\">{factor}</text>", HEIGHT + 16.0));
        add(format!("<text x=\"-8\" y=\"{:.0}\" text-anchor=\"end\">×{factor}</text>\n", y + 4.0));
    }
    for (number, (lines, colour)) in panel.lines.iter().zip(COLOURS).enumerate() {
        let points = panel.factors.iter().zip(lines.values);
        let points: Vec<(f64, f64)> =
            points.map(|(factor, value)| (x(*factor as f64), y(value / lines.values[0]))).collect();
        let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        add(format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line.join(" ")
        ));
        for (x, y) in points {
            add(format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"));
        }
        let values = lines.values.map(|value| format!("{value:.*}", usize::from(value < 10.0)));
        add(format!(
            "<text x=\"0\" y=\"{}\" fill=\"{colour}\">{}: {}</text>\n",
            HEIGHT + 34.0 + 14.0 * number as f64,
            lines.name,
            values.join(", ")
        ));
    }
}
