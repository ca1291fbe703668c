//! A report as HTML for mail programs: tables, styles in place, and bars that are cells with a colour, since no picture is shown
//! before somebody allows it and no drawing in the page is shown at all.

use super::told::{Cell, Part, Told};
use std::fmt::Write;

const INK: &str = "#1d2730";
const FAINT: &str = "#5c6b77";
const RULE: &str = "#dde3e8";
const BAR: &str = "#175b93";
const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

pub(super) fn write(told: &Told) -> String {
    let mut html = String::new();
    let (language, title) = (told.language.code(), escaped(&told.title));
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title></head>\n\
         <body style=\"margin:0;padding:16px;background:#ffffff;color:{INK};{FONT};font-size:15px;line-height:1.4\">\n\
         <div style=\"max-width:720px;margin:0 auto\">\n<h1 style=\"font-size:22px;margin:0 0 16px\">{title}</h1>\n"
    );
    for part in &told.parts {
        write_part(&mut html, part);
    }
    let _ = write!(
        html,
        "<p style=\"color:{FAINT};font-size:12px;border-top:1px solid {RULE};padding-top:8px\">{}</p>\n</div>\n</body></html>\n",
        escaped(&told.foot)
    );
    html
}

fn write_part(html: &mut String, part: &Part) {
    let _ = writeln!(html, "<h2 style=\"font-size:17px;margin:24px 0 8px\">{}</h2>", escaped(&part.title));
    if !part.rows.is_empty() {
        html.push_str("<table cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;border-collapse:collapse;font-size:14px\">\n<tr>");
        for (place, column) in part.columns.iter().enumerate() {
            let align = align(place);
            let _ = write!(
                html,
                "<th scope=\"col\" style=\"text-align:{align};color:{FAINT};font-size:12px;font-weight:600;padding:4px 6px;border-bottom:1px solid {RULE}\">{}</th>",
                escaped(column)
            );
        }
        html.push_str("</tr>\n");
        for row in &part.rows {
            html.push_str("<tr>");
            for (place, cell) in row.iter().enumerate() {
                write_cell(html, place, cell);
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</table>\n");
    }
    if !part.note.is_empty() {
        let _ = writeln!(
            html,
            "<p style=\"color:{FAINT};font-size:12px;margin:6px 0 0\">{}</p>",
            escaped(&part.note)
        );
    }
}

fn write_cell(html: &mut String, place: usize, cell: &Cell) {
    let (align, tag) = (align(place), if place == 0 { "th scope=\"row\"" } else { "td" });
    let end = if place == 0 { "th" } else { "td" };
    let _ = write!(
        html,
        "<{tag} style=\"text-align:{align};font-weight:400;vertical-align:top;padding:5px 6px;border-bottom:1px solid {RULE}\">{}",
        escaped(&cell.text)
    );
    if let Some(share) = cell.bar {
        // A bar that is there is seen, however short.
        let percent = (share.clamp(0.0, 1.0) * 100.0).round() as u32;
        let percent = if share > 0.0 { percent.max(1) } else { 0 };
        if percent > 0 {
            let _ = write!(
                html,
                "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"width:100%;border-collapse:collapse;margin-top:2px\"><tr>\
                 <td style=\"width:{percent}%;height:6px;line-height:6px;font-size:1px;background:{BAR}\">&nbsp;</td>\
                 <td style=\"height:6px;line-height:6px;font-size:1px\">&nbsp;</td></tr></table>"
            );
        }
    }
    if !cell.small.is_empty() {
        // Below a bar, which is a table, a line begins by itself.
        let gap = if cell.bar.is_some_and(|share| share > 0.0) { "" } else { "<br>" };
        let _ =
            write!(html, "{gap}<span style=\"color:{FAINT};font-size:12px\">{}</span>", escaped(&cell.small));
    }
    let _ = write!(html, "</{end}>");
}

/// Names to the left, numbers to the right.
fn align(place: usize) -> &'static str {
    if place == 0 { "left" } else { "right" }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
